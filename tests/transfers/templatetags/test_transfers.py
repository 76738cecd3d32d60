import pytest

from registry_ui.oci.progress import BlobState
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


def test_a_deletion_does_not_look_like_anything_else():
    deletion = kind_icon(Transfer(kind=Kind.DELETE))

    assert deletion not in {kind_icon(Transfer(kind=kind)) for kind in Kind if kind != Kind.DELETE}


def test_every_state_of_a_layer_has_an_icon_of_its_own_kind():
    icons = {state: layer_icon(str(state)) for state in BlobState}

    unknown = layer_icon("no such state")
    assert unknown not in icons.values()
    assert len({icons[state] for state in ("waiting", "done", "failed", "mounted")}) == 4
