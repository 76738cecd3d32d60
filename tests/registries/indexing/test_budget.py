import pytest

from registry_ui.oci.client import RateLimit
from registry_ui.registries.indexing.budget import Budget, Spared


def test_a_registry_that_counts_nothing_gives_all():
    budget = Budget()
    for _number in range(1000):
        budget.take(None, is_child=False)


@pytest.mark.parametrize(
    ("limit", "remaining", "granted"),
    [(100, 100, 50), (200, 102, 2), (100, 50, 0), (100, 0, 0), (2000, 300, 100)],
)
def test_half_of_a_small_limit_and_a_tenth_of_a_large_one_stay_for_people(
    limit, remaining, granted
):
    budget = Budget()
    for _number in range(granted):
        budget.take(RateLimit(limit, remaining), is_child=False)

    with pytest.raises(Spared):
        budget.take(RateLimit(limit, remaining), is_child=False)


def test_what_has_begun_may_go_on_a_little():
    budget = Budget()
    budget.take(RateLimit(100, 27), is_child=True)
    with pytest.raises(Spared):
        budget.take(RateLimit(100, 26), is_child=True)


def test_what_has_arrived_is_in_the_registrys_count_already():
    budget = Budget()
    budget.take(RateLimit(100, 52), is_child=False)
    budget.take(RateLimit(100, 52), is_child=False)
    budget.give_back()
    budget.take(RateLimit(100, 52), is_child=False)


def test_after_a_refusal_nothing_more_is_asked():
    budget = Budget()
    budget.spend()
    with pytest.raises(Spared):
        budget.take(None, is_child=False)
