"""Export of mirrors as YAML, in the format that the import reads.

It contains no secret: a login is named by its label.
"""

from collections.abc import Iterable
from typing import Any

import yaml

from ..models import Mirror

VERSION = "registry-ui-mirrors"
LOCAL_TARGET = "local"
COLUMNS = (
    "repositories",
    "naming",
    "selection",
    "platforms",
    "referrers",
    "conflict_policy",
    "delete_extras",
    "delete_cap",
    "verify",
    "schedule",
    "time_zone",
    "jitter_seconds",
    "notification_policy",
)


def export_mirrors(mirrors: Iterable[Mirror]) -> str:
    # The version allows a later format to be told apart.
    document = {VERSION: 1, "mirrors": [_document(mirror) for mirror in mirrors]}
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=120)


def _document(mirror: Mirror) -> dict[str, Any]:
    document: dict[str, Any] = {
        "name": mirror.name,
        "source": mirror.source_registry.host,
        "target": mirror.target_registry.host
        if mirror.target_registry is not None
        else LOCAL_TARGET,
    }

    # Only the label: a credential stays in the installation.
    if mirror.source_credential is not None:
        document["source_login"] = mirror.source_credential.label

    if mirror.target_credential is not None:
        document["target_login"] = mirror.target_credential.label

    return {**document, **{name: _as_plain(getattr(mirror, name)) for name in COLUMNS}}


def _as_plain(value: Any) -> Any:
    """Return a plain `str` for Django's enum members, which YAML cannot represent."""
    return str(value) if isinstance(value, str) else value
