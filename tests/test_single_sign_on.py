"""The settings of single sign-on."""

import pytest
from environs import EnvError

from registry_ui import single_sign_on
from registry_ui.single_sign_on import from_environment, parse_group_roles, plain_group

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


def test_without_a_url_there_is_no_provider() -> None:
    assert from_environment(production=True) is None
    assert single_sign_on.allauth_providers(None) == {}


def test_three_settings_suffice_and_create_no_accounts(environment) -> None:
    environment(**WHOLE)
    provider = from_environment(production=True)
    assert provider is not None
    assert (provider.url, provider.auto_create, provider.group_roles, provider.admin_groups) == (
        WHOLE["OIDC_URL"].rstrip("/"),
        False,
        {},
        frozenset(),
    )
    assert "canary" not in repr(provider)
    assert (
        single_sign_on.allauth_providers(provider)["openid_connect"]["OAUTH_PKCE_ENABLED"] is True
    )


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
def test_invalid_settings_are_refused(environment, changed, sentence) -> None:
    environment(**{**WHOLE, **changed})
    with pytest.raises(EnvError, match=sentence):
        from_environment(production=True)


def test_group_roles_are_parsed() -> None:
    assert parse_group_roles(
        ["/platform=Platform:Admin", "devs=Web: operator", "devs=Data:viewer"]
    ) == {
        "platform": (("Platform", "admin"),),
        "devs": (("Web", "operator"), ("Data", "viewer")),
    }
    assert parse_group_roles(["cn=devs=Team: one:viewer"]) == {
        "cn=devs": (("Team: one", "viewer"),)
    }


@pytest.mark.parametrize(
    "entry",
    [
        "platform",
        "platform=Platform",
        "platform=Platform:owner",
        "=Platform:admin",
        "platform=:admin",
    ],
)
def test_a_malformed_group_role_is_refused(entry) -> None:
    with pytest.raises(Exception, match="REGISTRY_UI_OIDC_GROUP_ROLES"):
        parse_group_roles([entry])


def test_a_group_has_no_slash_before_its_name():
    assert plain_group(" /platform ") == "platform"
    assert plain_group("/parent/child") == "parent/child"


def test_plain_http_is_for_this_machine_and_for_development(environment):
    environment(**{**WHOLE, "OIDC_URL": "http://127.0.0.1:8080/realms/a"})
    assert from_environment(production=True).url == "http://127.0.0.1:8080/realms/a"
    environment(OIDC_URL="http://login.example.com")
    assert from_environment(production=False).url == "http://login.example.com"
