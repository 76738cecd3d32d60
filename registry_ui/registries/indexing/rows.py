"""From names and artifacts to the columns by which lists are sorted and filtered."""

from typing import Any

from registry_ui.tags import parse_tag, sort_key, version_key

from ..models import UNSTATED, Artifact

_BAR = "|"


def columns_of_name(name: str) -> dict[str, Any]:
    """The columns of a Tag that its name alone decides."""
    tag = parse_tag(name)
    return {
        "order_key": sort_key(tag),
        "version_key": version_key(tag),
        "flavour": barred(tag.flavour)[:300],
        "is_prerelease": tag.is_prerelease,
        "is_floating": tag.is_floating,
    }


def columns_of_artifact(artifact: Artifact | None) -> dict[str, Any]:
    """The columns of a Tag that say what it names."""
    if artifact is None:
        return {"artifact": None, "platforms": "", "size": 0, "built_at": UNSTATED}
    platforms = [entry["platform"] for entry in artifact.platforms if entry["platform"]]
    return {
        "artifact": artifact,
        "platforms": barred(platforms)[:2000],
        "size": artifact.size,
        "built_at": artifact.built_at,
    }


def barred(words: tuple[str, ...] | list[str]) -> str:
    """`|alpine|slim|`: a whole word is found by looking for it with its bars; empty for none."""
    return f"{_BAR}{_BAR.join(words)}{_BAR}" if words else ""
