"""What the environment says about single sign-on with OpenID Connect: one provider, and what its groups mean here."""

import hashlib
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from environs import EnvError

from .environment import env

ROLES = ("viewer", "operator", "admin")


@dataclass(frozen=True, slots=True)
class SingleSignOn:
    """One OpenID provider.

    Args:
        url: the issuer, as the provider's own documents name it.
        group_roles: of each group, which role it gives in which team (by its name or short name).
        admin_groups: whoever is in one of them administers the installation.
        auto_create: make an account for whoever signs in and has none.
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
        """Of this issuer alone: what links an account to a person there means nothing at another one."""
        return f"oidc-{hashlib.sha256(self.url.encode()).hexdigest()[:12]}"


def from_environment(*, production: bool) -> SingleSignOn | None:
    """
    Raises:
        EnvError: a setting is missing, or cannot be understood.
    """
    url = env.str("OIDC_URL", "").rstrip("/")
    if not url:
        return None
    _check_url(url, production=production)
    client_id, client_secret = env.str("OIDC_CLIENT_ID", ""), env.str("OIDC_CLIENT_SECRET", "")
    if not client_id or not client_secret:
        raise EnvError(
            "REGISTRY_UI_OIDC_URL needs REGISTRY_UI_OIDC_CLIENT_ID and REGISTRY_UI_OIDC_CLIENT_SECRET as well."
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
            f"REGISTRY_UI_OIDC_URL is “{url}”, which is not an address such as https://login.example.com/realms/company."
        )
    if (
        production
        and parts.scheme != "https"
        and parts.hostname not in ("localhost", "127.0.0.1", "::1")
    ):
        raise EnvError("REGISTRY_UI_OIDC_URL must begin with https:// in production.")


def parse_group_roles(entries: list[str]) -> dict[str, tuple[tuple[str, str], ...]]:
    """`group=Team:role`, several of them; a group may stand for several teams.

    Raises:
        EnvError
    """
    found: dict[str, tuple[tuple[str, str], ...]] = {}
    for entry in entries:
        group, _equals, rest = entry.strip().rpartition("=")
        team, _colon, role = rest.rpartition(":")
        group, team, role = plain_group(group), team.strip(), role.strip().lower()
        if not group or not team or role not in ROLES:
            raise EnvError(
                f"REGISTRY_UI_OIDC_GROUP_ROLES: “{entry}” is not like group=Team:role, with the role viewer, operator or admin."
            )
        found[group] = (*found.get(group, ()), (team, role))
    return found


def plain_group(name: str) -> str:
    """Keycloak writes groups as paths: /platform."""
    return name.strip().removeprefix("/")


def allauth_providers(provider: SingleSignOn | None) -> dict[str, Any]:
    """What allauth reads as SOCIALACCOUNT_PROVIDERS."""
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
