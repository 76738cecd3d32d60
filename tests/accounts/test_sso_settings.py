"""What the environment says about single sign-on, and what it may not say."""

import pytest
from environs import EnvError

from registry_ui import single_sign_on
from registry_ui.single_sign_on import from_environment

WHOLE = {
    "OIDC_URL": "https://login.example.com/realms/company/",
    "OIDC_CLIENT_ID": "registry-ui",
    "OIDC_CLIENT_SECRET": "canary",
}


@pytest.fixture
def environment(monkeypatch):
    def put(**values: str) -> None:
        for name, value in values.items():
            monkeypatch.setenv(f"REGISTRY_UI_{name}", value)

    return put


def test_without_an_address_there_is_none() -> None:
    assert from_environment(production=True) is None
    assert single_sign_on.allauth_providers(None) == {}


def test_three_settings_are_enough_and_nobody_gets_an_account_by_them(environment) -> None:
    environment(**WHOLE)
    found = from_environment(production=True)
    assert found is not None
    assert (found.url, found.auto_create, found.group_roles, found.admin_groups) == (
        WHOLE["OIDC_URL"].rstrip("/"),
        False,
        {},
        frozenset(),
    )
    assert "canary" not in repr(found)
    assert single_sign_on.allauth_providers(found)["openid_connect"]["OAUTH_PKCE_ENABLED"] is True


def test_another_issuer_is_another_provider(environment) -> None:
    environment(**WHOLE)
    first = from_environment(production=True)
    environment(OIDC_URL="https://login.example.com/realms/other")
    assert first.provider_id != from_environment(production=True).provider_id


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"OIDC_URL": "login.example.com"}, "not an address such as"),
        ({"OIDC_URL": "https://login.example.com/?x=1"}, "not an address such as"),
        ({"OIDC_URL": "http://login.example.com"}, "must begin with https://"),
        ({"OIDC_CLIENT_SECRET": ""}, "OIDC_CLIENT_SECRET as well"),
        ({"OIDC_GROUP_ROLES": "platform=Platform:owner"}, "not like group=Team:role"),
    ],
)
def test_what_cannot_be_right_stops_the_start(environment, changed, sentence) -> None:
    environment(**{**WHOLE, **changed})
    with pytest.raises(EnvError, match=sentence):
        from_environment(production=True)
