"""The members of a mirror's `selection` document: their reading and validation."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from registry_ui.oci.errors import InvalidReference, OciError
from registry_ui.oci.reference import check_tag

from .patterns import is_glob

MEMBERS = (
    "tags",
    "match",
    "exclude",
    "versions",
    "variants",
    "without_variants",
    "prereleases",
    "newest",
    "per",
    "newer_than",
)
_MAX_NAMES = 200


class InvalidSelection(OciError, ValueError):
    """An invalid selection; `field` is the member at fault."""

    def __init__(self, field_name: str, code: str, /, **parameters: Any) -> None:
        super().__init__(code, **parameters)
        self.field = field_name


def read_list(document: dict[str, Any], name: str) -> tuple[str, ...]:
    values = document.get(name) or []
    if (
        not isinstance(values, list)
        or not all(isinstance(value, str) for value in values)
        or len(values) > _MAX_NAMES
    ):
        raise InvalidSelection(name, "selection_list_invalid", name=name, most=_MAX_NAMES)

    # Variants are compared in lower case, tags are case-sensitive.
    cleaned = (value.strip() for value in values)
    is_lowercase = name != "tags"
    return tuple(
        dict.fromkeys(value.lower() if is_lowercase else value for value in cleaned if value)
    )


def read_text(document: dict[str, Any], name: str) -> str:
    value = document.get(name) or ""
    if not isinstance(value, str):
        raise InvalidSelection(name, "selection_text_invalid", name=name)
    return value.strip()


def read_newest(document: dict[str, Any]) -> int:
    value = document.get("newest") or 0
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= 1000:
        raise InvalidSelection("newest", "selection_newest_invalid")
    return value


def check_tags(tags: Iterable[str]) -> None:
    for tag in tags:
        # The distribution spec limits a tag to 128 characters.
        if len(tag) > 128:
            raise InvalidSelection("tags", "selection_tag_too_long", tag=tag[:40])
        if not is_glob(tag):
            try:
                check_tag(tag)
            except InvalidReference as exc:
                raise InvalidSelection("tags", exc.code, **exc.parameters) from exc


@contextmanager
def errors_of_member(name: str) -> Iterator[None]:
    """Report the error of a pattern as that of a member."""
    try:
        yield
    except OciError as exc:
        raise InvalidSelection(name, exc.code, **exc.parameters) from exc
