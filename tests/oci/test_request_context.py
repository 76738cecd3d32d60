import pytest

from registry_ui.oci.request_context import (
    GENERAL_TEXTS,
    ErrorResponse,
    RefusalTexts,
    RequestContext,
)


def test_the_location_is_the_host_with_the_repository():
    assert RequestContext("ghcr.io", "registry").location == "ghcr.io"
    assert RequestContext("ghcr.io", "tags", "team/app").location == "ghcr.io/team/app"


def test_a_context_does_not_show_its_secrets():
    assert "canary" not in repr(RequestContext("ghcr.io", "login", secrets=("canary",)))


@pytest.mark.parametrize(
    ("text", "is_immutable", "is_over_quota"),
    [
        ("The tag is IMMUTABLE.", True, False),
        ("Storage Quota exceeded", False, True),
        ("insufficient storage", False, True),
        ("denied", False, False),
        ("", False, False),
    ],
)
def test_immutable_tags_and_full_quotas_are_known_by_their_texts(text, is_immutable, is_over_quota):
    error_response = ErrorResponse(403, (), text, None)

    assert error_response.is_immutable is is_immutable
    assert error_response.is_over_quota is is_over_quota


def test_a_registry_can_have_texts_of_its_own():
    texts = GENERAL_TEXTS + RefusalTexts(over_quota=("no room",), proxy_cache=("proxy project",))
    assert ErrorResponse(403, (), "No room", None, texts).is_over_quota
    assert ErrorResponse(403, (), "quota exceeded", None, texts).is_over_quota
    assert ErrorResponse(405, (), "a Proxy Project", None, texts).is_from_proxy_cache
    assert not ErrorResponse(405, (), "a proxy project", None).is_from_proxy_cache
    assert texts.immutable == GENERAL_TEXTS.immutable
