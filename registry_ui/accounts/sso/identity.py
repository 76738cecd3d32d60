"""What the provider says of a person. allauth keeps it as {"userinfo": {…}, "id_token": {…}}."""

import time
from typing import Any

from registry_ui.single_sign_on import plain_group

# The provider's clock may be a little off.
RECENT_SECONDS = 10 * 60


def proof_is_recent(said: dict[str, Any]) -> bool:
    """Whether the provider asked the person just now. One that does not say when it did is believed: it was told to."""
    moment = (said.get("id_token") or {}).get("auth_time")
    return moment is None or (
        isinstance(moment, int | float) and time.time() - moment <= RECENT_SECONDS
    )


def groups_in(said: dict[str, Any], claim: str) -> frozenset[str]:
    """The groups of the claim, in the userinfo or else in the ID token; `realm_access.roles` looks into a claim."""
    for part in (said.get("userinfo"), said.get("id_token")):
        value = _claim(part, claim)
        if value is not None:
            return _names(value)
    return frozenset()


def _claim(part: Any, claim: str) -> Any:
    if isinstance(part, dict) and claim in part:
        return part[claim]
    for word in claim.split("."):
        part = part.get(word) if isinstance(part, dict) else None
    return part


def _names(value: Any) -> frozenset[str]:
    values = [value] if isinstance(value, str) else value if isinstance(value, list) else []
    return frozenset(plain_group(each) for each in values if isinstance(each, str))
