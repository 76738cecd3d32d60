"""Which requests ask for a part of a page."""

from types import SimpleNamespace

import pytest
from django.test import RequestFactory

from registry_ui.web.polling import is_fragment


@pytest.mark.parametrize(
    ("htmx", "expected"),
    [
        (None, False),
        (SimpleNamespace(boosted=False), True),
        (SimpleNamespace(boosted=True), False),
    ],
)
def test_a_part_is_asked_for_by_htmx_but_not_by_a_boosted_link(htmx, expected):
    request = RequestFactory().get("/")
    request.htmx = htmx

    assert is_fragment(request) is expected


def test_a_request_without_the_middleware_of_htmx_asks_for_a_page():
    assert is_fragment(RequestFactory().get("/")) is False
