"""The settings of single sign-on with OpenID Connect."""

import hashlib
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from environs import EnvError

from .environment import env

ROLES = ("viewer", "operator", "admin")


@dataclass(frozen=True, slots=True)
class SingleSignOn:
    """An OpenID provider.

    Args:
        url: the issuer, as the provider's documents name it.
        group_roles: the teams (by name or slug) and roles that each group gives.
        admin_groups: the groups of administrators of the installation.
        auto_create: create an account at the first sign-in.
    """

    url: str
    client_id: str
    client_secret: str = field(repr=False)
    name: str
    scopes: list[str]
    ca_file: str | None
    groups_claim: str
    group_roles: dict[str, tuple[tuple[str, str], ...]]
    admin_groups: frozenset[str]
    auto_create: bool

    @property
    def provider_id(self) -> str:
        """An id that is derived from the issuer.

        Another provider gets another id, so accounts linked to the former one do not match there.
        """
        return f"oidc-{hashlib.sha256(self.url.encode()).hexdigest()[:12]}"


def from_environment(*, production: bool) -> SingleSignOn | None:
    """Return the provider of the OIDC_ settings, None where there is none.

    Raises:
        EnvError: a setting is missing or malformed.
    """
    url = env.str("OIDC_URL", "").rstrip("/")
    if not url:
        return None
    _check_url(url, production=production)

    client_id, client_secret = env.str("OIDC_CLIENT_ID", ""), env.str("OIDC_CLIENT_SECRET", "")
    if not client_id or not client_secret:
        raise EnvError(
            "REGISTRY_UI_OIDC_URL needs REGISTRY_UI_OIDC_CLIENT_ID "
            "and REGISTRY_UI_OIDC_CLIENT_SECRET as well."
        )

    return SingleSignOn(
        url=url,
        client_id=client_id,
        client_secret=client_secret,
        name=env.str("OIDC_NAME", "Single sign-on"),
        scopes=env.list("OIDC_SCOPES", ["openid", "profile", "email"]),
        ca_file=env.str("OIDC_AUTHORITY", "") or None,
        groups_claim=env.str("OIDC_GROUPS_CLAIM", "groups"),
        group_roles=parse_group_roles(env.list("OIDC_GROUP_ROLES", [])),
        admin_groups=frozenset(map(plain_group, env.list("OIDC_ADMIN_GROUPS", []))),
        auto_create=env.bool("OIDC_AUTO_CREATE", False),
    )


def _check_url(url: str, *, production: bool) -> None:
    parts = urlsplit(url)
    if parts.scheme not in ("https", "http") or not parts.hostname or parts.query or parts.fragment:
        raise EnvError(
            f"REGISTRY_UI_OIDC_URL is “{url}”, which is not an address "
            "such as https://login.example.com/realms/company."
        )

    # The client secret and the tokens are sent there.
    is_local = parts.hostname in ("localhost", "127.0.0.1", "::1")
    if production and parts.scheme != "https" and not is_local:
        raise EnvError("REGISTRY_UI_OIDC_URL must begin with https:// in production.")


def parse_group_roles(entries: list[str]) -> dict[str, tuple[tuple[str, str], ...]]:
    """Parse entries such as `group=Team:role`; a group may give roles in several teams.

    Raises:
        EnvError
    """
    group_roles: dict[str, tuple[tuple[str, str], ...]] = {}
    for entry in entries:
        # From the right, because a group's name may contain `=`.
        group, _equals, rest = entry.strip().rpartition("=")
        team, _colon, role = rest.rpartition(":")
        group, team, role = plain_group(group), team.strip(), role.strip().lower()
        if not group or not team or role not in ROLES:
            raise EnvError(
                f"REGISTRY_UI_OIDC_GROUP_ROLES: “{entry}” is not like group=Team:role, "
                "with the role viewer, operator or admin."
            )
        group_roles[group] = (*group_roles.get(group, ()), (team, role))
    return group_roles


def plain_group(name: str) -> str:
    """Remove the slash with which Keycloak begins a group's name (`/platform`)."""
    return name.strip().removeprefix("/")


def allauth_providers(provider: SingleSignOn | None) -> dict[str, Any]:
    """Return allauth's setting SOCIALACCOUNT_PROVIDERS."""
    if provider is None:
        return {}
    app = {
        "provider_id": provider.provider_id,
        "name": provider.name,
        "client_id": provider.client_id,
        "secret": provider.client_secret,
        "settings": {"server_url": provider.url, "scope": provider.scopes},
    }
    return {"openid_connect": {"OAUTH_PKCE_ENABLED": True, "APPS": [app]}}
