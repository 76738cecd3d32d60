import pytest

from registry_ui.oci.request_context import ErrorResponse, RequestContext


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
        ("will exceed the configured upper limit of 5 GiB", False, True),
        ("insufficient storage", False, True),
        ("denied", False, False),
        ("", False, False),
    ],
)
def test_immutable_tags_and_full_quotas_are_known_by_their_texts(text, is_immutable, is_over_quota):
    error_response = ErrorResponse(403, (), text, None)

    assert error_response.is_immutable is is_immutable
    assert error_response.is_over_quota is is_over_quota
