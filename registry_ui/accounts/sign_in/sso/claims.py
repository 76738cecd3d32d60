"""The provider's claims about a person.

allauth stores them as {"userinfo": {…}, "id_token": {…}}.
"""

import time
from typing import Any

from registry_ui.single_sign_on import plain_group

# The provider's clock may differ from this one.
RECENT_SECONDS = 10 * 60


def sign_in_is_recent(data: dict[str, Any]) -> bool:
    """Return whether the person has just signed in at the provider.

    A provider that omits auth_time is trusted: the request asked for a new sign-in.
    """
    auth_time = (data.get("id_token") or {}).get("auth_time")
    if auth_time is None:
        return True
    return isinstance(auth_time, int | float) and time.time() - auth_time <= RECENT_SECONDS


def groups_in(data: dict[str, Any], claim: str) -> frozenset[str]:
    """Return the groups of the claim, from the userinfo or else from the ID token.

    A dotted claim such as `realm_access.roles` (Keycloak) names a field of a claim.
    """
    for claims in (data.get("userinfo"), data.get("id_token")):
        value = _claim(claims, claim)
        if value is not None:
            return _names(value)
    return frozenset()


def _claim(claims: Any, claim: str) -> Any:
    # A claim's own name may contain dots, such as https://example.com/groups.
    if isinstance(claims, dict) and claim in claims:
        return claims[claim]

    value = claims
    for key in claim.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _names(value: Any) -> frozenset[str]:
    values = value if isinstance(value, list) else [value]
    return frozenset(plain_group(name) for name in values if isinstance(name, str))
