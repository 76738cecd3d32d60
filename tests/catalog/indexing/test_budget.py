import pytest

from registry_ui.catalog.indexing.budget import Budget, FetchSkipped
from registry_ui.oci.client import RateLimit


def test_without_a_limit_everything_is_fetched():
    budget = Budget()
    for _number in range(1000):
        budget.acquire(None, is_child=False)


@pytest.mark.parametrize(
    ("limit", "remaining", "granted"),
    [(100, 100, 50), (200, 102, 2), (100, 50, 0), (100, 0, 0), (2000, 300, 100)],
)
def test_half_of_a_small_limit_and_a_tenth_of_a_large_one_stay_for_people(
    limit, remaining, granted
):
    budget = Budget()
    for _number in range(granted):
        budget.acquire(RateLimit(limit, remaining), is_child=False)

    with pytest.raises(FetchSkipped):
        budget.acquire(RateLimit(limit, remaining), is_child=False)


def test_children_may_use_half_of_the_reserve():
    budget = Budget()
    budget.acquire(RateLimit(100, 27), is_child=True)
    with pytest.raises(FetchSkipped):
        budget.acquire(RateLimit(100, 26), is_child=True)


def test_an_answered_request_is_in_the_registrys_count():
    budget = Budget()
    budget.acquire(RateLimit(100, 52), is_child=False)
    budget.acquire(RateLimit(100, 52), is_child=False)
    budget.release()
    budget.acquire(RateLimit(100, 52), is_child=False)


def test_after_a_refusal_nothing_more_is_fetched():
    budget = Budget()
    budget.exhaust()
    with pytest.raises(FetchSkipped):
        budget.acquire(None, is_child=False)
