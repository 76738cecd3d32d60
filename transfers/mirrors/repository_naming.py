"""The names of mirrored repositories at the target."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from registry_ui.oci.errors import InvalidReference
from registry_ui.oci.reference import check_repository

KINDS = ("keep", "flatten", "prefix", "template")
_MAX_NAME_LENGTH = 255
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_PLACEHOLDERS = ("host", "repository", "namespace", "name")


class NamingCollision(InvalidReference):
    """Two repositories that would get the same name and overwrite each other's tags."""

    def __init__(self, first: str, second: str, target: str) -> None:
        super().__init__("naming_collision", first=first, second=second, target=target)
        self.first, self.second, self.target = first, second, target


@dataclass(frozen=True, slots=True)
class Naming:
    """A rule for repository names at the target.

    Args:
        kind: `keep`: as at the source; `flatten`: without the first `levels` parts, all but the
            last where that is 0; `prefix`: below `text`; `template`: `text` with {host},
            {repository}, {namespace} and {name} filled in.
    """

    kind: str = "keep"
    levels: int = 0
    text: str = ""

    @classmethod
    def parse(cls, document: Any) -> "Naming":
        """Parse the `naming` of a mirror.

        Raises:
            InvalidReference: its advice says what to write instead.
        """
        if not isinstance(document, dict):
            raise InvalidReference("naming_not_object")

        kind = document.get("kind", "keep")
        if kind not in KINDS:
            raise InvalidReference("naming_kind_unknown", kind=str(kind)[:40], kinds=KINDS)

        naming = cls(kind, _read_levels(document), _read_text(document, kind))

        # Errors appear when the mirror is saved, not in its next run.
        naming._check()
        return naming

    def document(self) -> dict[str, Any]:
        """Return the value of a mirror's `naming`."""
        if self.kind == "flatten":
            return {"kind": self.kind, "levels": self.levels}
        return {"kind": self.kind, self.kind: self.text} if self.text else {"kind": self.kind}

    def target_name(self, repository: str, *, host: str) -> str:
        """Return the name of a repository at the target.

        Args:
            repository: the name at the source.
            host: the source's host.

        Raises:
            InvalidReference: no registry accepts the result.
        """
        name = self._apply(repository, host)

        # Many clients accept no longer name (distribution spec, "Pulling manifests").
        if len(name) > _MAX_NAME_LENGTH:
            raise InvalidReference(
                "target_name_too_long",
                repository=repository,
                count=len(name),
                most=_MAX_NAME_LENGTH,
            )

        return check_repository(name)

    def target_names(self, repositories: Iterable[str], *, host: str) -> dict[str, str]:
        """Return source name → target name.

        Raises:
            NamingCollision: two of them get the same name.
            InvalidReference
        """
        targets: dict[str, str] = {}
        sources: dict[str, str] = {}

        # Two sources with one target would overwrite each other on every run.
        for repository in dict.fromkeys(repositories):
            target = self.target_name(repository, host=host)
            if target in sources:
                raise NamingCollision(sources[target], repository, target)
            sources[target] = repository
            targets[repository] = target
        return targets

    def _apply(self, repository: str, host: str) -> str:
        parts = repository.split("/")
        if self.kind == "flatten":
            return "/".join(parts[min(self.levels or len(parts), len(parts) - 1) :])
        if self.kind == "prefix":
            return f"{self.text}/{repository}"

        if self.kind == "template":
            values = {
                "host": _host_path_part(host),
                "repository": repository,
                "namespace": "/".join(parts[:-1]),
                "name": parts[-1],
            }
            # A repository without a namespace must not leave an empty part.
            return re.sub(
                "/{2,}", "/", _PLACEHOLDER.sub(lambda match: values[match[1]], self.text)
            ).strip("/")

        return repository

    def _check(self) -> None:
        if self.kind == "prefix":
            check_repository(self.text)

        if self.kind == "template":
            unknown = [
                name for name in _PLACEHOLDER.findall(self.text) if name not in _PLACEHOLDERS
            ]
            if unknown:
                raise InvalidReference(
                    "naming_placeholder_unknown",
                    name=unknown[0][:40],
                    names=[f"{{{name}}}" for name in _PLACEHOLDERS],
                )

            # A sample name shows at once whether the template gives valid names.
            self.target_name("namespace/name", host="registry.example.com")


def _read_levels(document: dict[str, Any]) -> int:
    levels = document.get("levels", 0)
    if not isinstance(levels, int) or isinstance(levels, bool) or not 0 <= levels <= 20:
        raise InvalidReference("naming_levels_invalid")
    return levels


def _read_text(document: dict[str, Any], kind: str) -> str:
    if kind not in ("prefix", "template"):
        return ""
    text = document.get(kind, "")
    if not isinstance(text, str) or not text.strip("/ "):
        raise InvalidReference(
            "naming_prefix_missing" if kind == "prefix" else "naming_template_missing"
        )
    return text.strip().strip("/")


def _host_path_part(host: str) -> str:
    """Return a host as a path component, in which a colon is not allowed."""
    return host.lower().replace(":", "-").replace("[", "").replace("]", "")
