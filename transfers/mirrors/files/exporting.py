"""Rules as YAML, in a format that the import reads back. No secret is in it: a login is named by its label."""

from collections.abc import Iterable
from typing import Any

import yaml

from ...models import Mirror

VERSION = "registry-ui-mirrors"
LOCAL_TARGET = "local"
COLUMNS = (
    "repositories",
    "naming",
    "selection",
    "platforms",
    "referrers",
    "existing",
    "delete_extras",
    "delete_cap",
    "verify",
    "schedule",
    "time_zone",
    "jitter_seconds",
    "notify",
)


def export_rules(mirrors: Iterable[Mirror]) -> str:
    document = {VERSION: 1, "mirrors": [_document(mirror) for mirror in mirrors]}
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=120)


def _document(mirror: Mirror) -> dict[str, Any]:
    ends: dict[str, Any] = {
        "name": mirror.name,
        "source": mirror.source_registry.host,
        "target": mirror.target_registry.host
        if mirror.target_registry is not None
        else LOCAL_TARGET,
    }
    if mirror.source_credential is not None:
        ends["source_login"] = mirror.source_credential.label
    if mirror.target_credential is not None:
        ends["target_login"] = mirror.target_credential.label
    return {**ends, **{name: _plain(getattr(mirror, name)) for name in COLUMNS}}


def _plain(value: Any) -> Any:
    """Without Django's own kinds of text, which YAML has no word for."""
    return str(value) if isinstance(value, str) else value
