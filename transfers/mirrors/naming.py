"""What a source's repository is called at the target."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from registry_ui.oci.errors import InvalidReference
from registry_ui.oci.reference import check_repository

KINDS = ("keep", "flatten", "prefix", "template")
_LONGEST = 255
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_NAMES = ("host", "repository", "namespace", "name")


class NamingCollision(InvalidReference):
    """Two repositories of the source would become one at the target, and overwrite each other's tags."""

    def __init__(self, first: str, second: str, target: str) -> None:
        super().__init__(
            _("%(first)s and %(second)s would both become %(target)s.")
            % {"first": first, "second": second, "target": target},
            advice=_("Choose a naming that keeps more of the path, or mirror them with two rules."),
        )
        self.first, self.second, self.target = first, second, target


@dataclass(frozen=True, slots=True)
class Naming:
    """A repository's name at the target.

    Args:
        kind: `keep`: as at the source; `flatten`: without its first `levels` parts, all but the last where that is 0;
            `prefix`: below `text`; `template`: `text` with {host}, {repository}, {namespace} and {name} filled in.
    """

    kind: str = "keep"
    levels: int = 0
    text: str = ""

    @classmethod
    def parse(cls, document: Any) -> "Naming":
        """From a mirror's `naming`.

        Raises:
            InvalidReference: with what to write instead.
        """
        if not isinstance(document, dict):
            raise InvalidReference(
                _("The naming is no object."), advice=_('Write {"kind": "keep"}.')
            )
        kind = document.get("kind", "keep")
        if kind not in KINDS:
            words = {"kind": str(kind)[:40], "kinds": ", ".join(KINDS)}
            raise InvalidReference(
                _("“%(kind)s” is no way of naming.") % words,
                advice=_("Choose one of %(kinds)s.") % words,
            )
        naming = cls(kind, _levels_of(document), _text_of(document, kind))
        naming._check()
        return naming

    def document(self) -> dict[str, Any]:
        """As a mirror keeps it."""
        if self.kind == "flatten":
            return {"kind": self.kind, "levels": self.levels}
        return {"kind": self.kind, self.kind: self.text} if self.text else {"kind": self.kind}

    def target_of(self, repository: str, *, host: str) -> str:
        """
        Args:
            repository: at the source.
            host: the source's.

        Raises:
            InvalidReference: no registry takes what comes of it.
        """
        name = self._made_of(repository, host)
        if len(name) > _LONGEST:
            raise InvalidReference(
                _(
                    "%(repository)s would get a name of %(count)d characters; registries take %(most)d."
                )
                % {"repository": repository, "count": len(name), "most": _LONGEST},
                advice=_("Choose a shorter prefix or template."),
            )
        return check_repository(name)

    def targets_of(self, repositories: Iterable[str], *, host: str) -> dict[str, str]:
        """Source → target for all of them.

        Raises:
            NamingCollision: two of them would get one name.
            InvalidReference
        """
        targets: dict[str, str] = {}
        taken: dict[str, str] = {}
        for repository in dict.fromkeys(repositories):
            target = self.target_of(repository, host=host)
            if target in taken:
                raise NamingCollision(taken[target], repository, target)
            taken[target] = repository
            targets[repository] = target
        return targets

    def _made_of(self, repository: str, host: str) -> str:
        parts = repository.split("/")
        if self.kind == "flatten":
            # The last part always stays: it is the name.
            return "/".join(parts[min(self.levels or len(parts), len(parts) - 1) :])
        if self.kind == "prefix":
            return f"{self.text}/{repository}"
        if self.kind == "template":
            values = {
                "host": _host_part(host),
                "repository": repository,
                "namespace": "/".join(parts[:-1]),
                "name": parts[-1],
            }
            # A repository without a namespace leaves no empty part behind.
            return re.sub(
                "/{2,}", "/", _PLACEHOLDER.sub(lambda match: values[match[1]], self.text)
            ).strip("/")
        return repository

    def _check(self) -> None:
        if self.kind == "prefix":
            check_repository(self.text)
        if self.kind == "template":
            unknown = [name for name in _PLACEHOLDER.findall(self.text) if name not in _NAMES]
            if unknown:
                words = {
                    "name": unknown[0][:40],
                    "names": ", ".join(f"{{{name}}}" for name in _NAMES),
                }
                raise InvalidReference(
                    _("{%(name)s} is no placeholder.") % words,
                    advice=_("There are %(names)s.") % words,
                )
            self.target_of("namespace/name", host="registry.example.com")


def _levels_of(document: dict[str, Any]) -> int:
    levels = document.get("levels", 0)
    if not isinstance(levels, int) or isinstance(levels, bool) or not 0 <= levels <= 20:
        raise InvalidReference(
            _("The number of levels is between 0 and 20."),
            advice=_("0 leaves the last part alone."),
        )
    return levels


def _text_of(document: dict[str, Any], kind: str) -> str:
    if kind not in ("prefix", "template"):
        return ""
    text = document.get(kind, "")
    if not isinstance(text, str) or not text.strip("/ "):
        raise InvalidReference(
            _("The %(kind)s is missing.") % {"kind": kind},
            advice=_("Write a path such as mirror/hub."),
        )
    return text.strip().strip("/")


def _host_part(host: str) -> str:
    """A host as a part of a path: a colon is not allowed there."""
    return host.lower().replace(":", "-").replace("[", "").replace("]", "")
