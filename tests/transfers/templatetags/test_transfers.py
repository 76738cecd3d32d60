import pytest

from transfers.models import Kind, Transfer
from transfers.templatetags.transfers import kind_icon, layer_icon


@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind_has_an_icon(kind):
    assert kind_icon(Transfer(kind=kind)).startswith("<svg")


def test_the_icon_has_the_size_that_is_asked_for():
    assert 'width="24"' in kind_icon(Transfer(kind=Kind.PULL), 24)


@pytest.mark.parametrize("state", ["waiting", "running", "done", "failed", "exists", "unheard of"])
def test_every_state_of_a_layer_has_an_icon(state):
    assert layer_icon(state).startswith("<svg")
