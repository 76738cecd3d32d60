import pytest

from transfers.forms.transfer_filter import FilterForm
from transfers.models import Kind, State


def form(**values):
    return FilterForm(values, requesters=["alice", ""])


def test_without_a_choice_nothing_is_filtered():
    empty = form()

    assert empty.is_valid()
    assert not empty.is_filtering


@pytest.mark.parametrize(
    "values",
    [
        {"kind": Kind.PULL},
        {"state": State.FAILED},
        {"state": FilterForm.ACTIVE},
        {"person": "alice"},
        {"person": FilterForm.COMMAND_LINE},
    ],
)
def test_a_choice_filters(values):
    chosen = form(**values)

    assert chosen.is_valid()
    assert chosen.is_filtering


@pytest.mark.parametrize(
    ("field", "value"), [("kind", "steal"), ("state", "lost"), ("person", "mallory")]
)
def test_what_is_no_choice_is_an_error_of_its_field(field, value):
    assert list(form(**{field: value}).errors) == [field]
