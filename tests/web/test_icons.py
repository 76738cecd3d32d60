"""Icons: inline, without white space, in outline unless named otherwise."""

import pytest
from tablericons import IconDoesNotExist

from registry_ui.web.icons import icon


def test_an_icon_is_hidden_from_screen_readers_and_has_its_size():
    svg = icon("star", 20)

    assert 'aria-hidden="true"' in svg
    assert 'class="icon icon-star"' in svg
    assert 'width="20"' in svg
    assert "> <" not in svg


def test_the_filled_icon_is_another_one():
    assert icon("filled/star") != icon("star")
    assert 'class="icon icon-star"' in icon("filled/star")


def test_an_unknown_icon_is_an_error():
    with pytest.raises(IconDoesNotExist):
        icon("no-such-icon")
