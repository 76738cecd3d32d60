import pytest

from registry_ui.accounts.sign_in.sso.claims import sign_in_is_recent


@pytest.mark.parametrize(
    ("claims", "recent"),
    [({}, True), ({"auth_time": 1}, False), ({"auth_time": "now"}, False), (None, True)],
)
def test_a_sign_in_is_recent_by_auth_time(claims, recent) -> None:
    assert sign_in_is_recent({"id_token": claims}) is recent
