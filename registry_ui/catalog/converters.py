"""URL path converters for repositories, tags and digests.

A repository contains no `:` and no `@`, so that a tag or digest can follow it.
"""

from collections.abc import Callable

from django.urls import register_converter
from django.urls.converters import StringConverter

from registry_ui.oci.digest import Digest
from registry_ui.oci.errors import OciError
from registry_ui.oci.reference import check_repository


class RepositoryConverter(StringConverter):
    regex = r"[a-z0-9][a-z0-9._/-]{0,254}"

    def to_python(self, value: str) -> str:
        return _validated(check_repository, value)


class TagConverter(StringConverter):
    regex = r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}"


class DigestConverter(StringConverter):
    regex = r"[a-z0-9]+:[a-f0-9]{64,128}"

    def to_python(self, value: str) -> str:
        return _validated(lambda text: str(Digest.parse(text)), value)


def _validated(check: Callable[[str], str], value: str) -> str:
    # Django takes a ValueError for a path that does not match, and answers 404.
    try:
        return check(value)
    except OciError as exc:
        raise ValueError(str(exc)) from exc


def register() -> None:
    register_converter(RepositoryConverter, "repository")
    register_converter(TagConverter, "tag")
    register_converter(DigestConverter, "digest")
