"""Columns by which lists of tags are sorted and filtered."""

from typing import Any

from registry_ui.tags import parse_tag, sort_key, version_key

from ..models import UNSTATED, Artifact

_SEPARATOR = "|"


def columns_of_name(name: str) -> dict[str, Any]:
    """Return the columns of a Tag that its name alone decides."""
    tag = parse_tag(name)
    return {
        "order_key": sort_key(tag),
        "version_key": version_key(tag),
        # The lengths are those of the columns: PostgreSQL refuses longer values.
        "flavour": join_with_bars(tag.flavour)[:300],
        "is_prerelease": tag.is_prerelease,
        "is_floating": tag.is_floating,
    }


def columns_of_artifact(artifact: Artifact | None) -> dict[str, Any]:
    """Return the columns of a Tag that its artifact decides."""
    if artifact is None:
        return {"artifact": None, "platforms": "", "size": 0, "built_at": UNSTATED}

    # An image may state no platform.
    platforms = [entry["platform"] for entry in artifact.platforms if entry["platform"]]
    return {
        "artifact": artifact,
        "platforms": join_with_bars(platforms)[:2000],
        "size": artifact.size,
        "built_at": artifact.built_at,
    }


def join_with_bars(values: tuple[str, ...] | list[str]) -> str:
    """Return `|alpine|slim|`, in which `|slim|` finds a whole value; empty for no values."""
    return f"{_SEPARATOR}{_SEPARATOR.join(values)}{_SEPARATOR}" if values else ""
