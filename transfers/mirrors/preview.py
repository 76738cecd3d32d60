"""What a rule that is being written would do, as far as the index knows. Nothing here asks a registry."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from registry_ui.accounts.models import Team
from registry_ui.oci.errors import OciError
from registry_ui.oci.reference import DEFAULT_NAMESPACE, DOCKER_HUB
from registry_ui.registries.models import Registry, Repository, Tag

from ..models import Existing
from .naming import Naming, NamingCollision
from .patterns import InvalidPattern, is_glob, matches_glob
from .schedule import next_times
from .selection import Choice, Selection

MOST_REPOSITORIES = 12
_MOST_NAMES = 5000
_MOST_TAGS = 2000
_SHOWN_TAGS = 12
_SHOWN_SKIPPED = 6


@dataclass(frozen=True, slots=True)
class Matched:
    """A repository that the rule takes: its name at the target, and its tags as the index knows them."""

    name: str
    target: str
    is_known: bool
    choices: Sequence[Choice] = ()
    problem: str = ""

    @property
    def chosen(self) -> list[str]:
        return [choice.tag for choice in self.choices if choice.is_chosen]

    @property
    def shown(self) -> list[str]:
        # The latest of the natural order are what a person looks for.
        return self.chosen[-_SHOWN_TAGS:][::-1]

    @property
    def more(self) -> int:
        return max(len(self.chosen) - _SHOWN_TAGS, 0)

    @property
    def skipped(self) -> list[Choice]:
        return [choice for choice in self.choices if not choice.is_chosen]

    @property
    def shown_skipped(self) -> list[Choice]:
        return self.skipped[-_SHOWN_SKIPPED:][::-1]


@dataclass
class Preview:
    """
    Args:
        values: what the form has of value so far; fields in error are missing.
    """

    team: Team
    values: Mapping[str, Any]
    problems: list[str] = field(default_factory=list)

    @property
    def source(self) -> Registry | None:
        return self.values.get("source_registry")

    @property
    def target(self) -> Registry | None:
        return self.values.get("target_registry")

    @cached_property
    def names(self) -> list[str]:
        """The repositories: what is written in full, and what the index knows of the globs."""
        patterns: list[str] = self.values.get("repositories") or []
        if self.source is None:
            return []
        globs = [pattern for pattern in patterns if is_glob(pattern)]
        known = (
            Repository.objects.filter(registry=self.source)
            .order_by("name")
            .values_list("name", flat=True)[:_MOST_NAMES]
            if globs
            else []
        )
        found = [name for name in known if any(matches_glob(name, pattern) for pattern in globs)]
        return list(
            dict.fromkeys([*(pattern for pattern in patterns if not is_glob(pattern)), *found])
        )

    @property
    def more(self) -> int:
        return max(len(self.names) - MOST_REPOSITORIES, 0)

    @cached_property
    def matched(self) -> list[Matched]:
        return list(self._matched())

    def _matched(self) -> Iterator[Matched]:
        rows = {
            row.name: row
            for row in Repository.objects.filter(
                registry=self.source, name__in=self.names[:MOST_REPOSITORIES]
            )
        }
        is_slow = False
        for name in self.names[:MOST_REPOSITORIES]:
            row, target = rows.get(name), self._target_of(name)
            if row is None or row.indexed_at is None or is_slow:
                yield Matched(name, target, is_known=False)
                continue
            try:
                yield Matched(name, target, is_known=True, choices=self._choices(row))
            except InvalidPattern as exc:
                is_slow = True
                yield Matched(name, target, is_known=True, problem=f"{exc.message} {exc.advice}")

    def _choices(self, row: Repository) -> list[Choice]:
        selection: Selection = self.values.get("selection") or Selection()
        built = {
            tag.name: tag.built
            for tag in Tag.objects.filter(repository=row).order_by("-order_key")[:_MOST_TAGS]
        }

        def dates(names: Sequence[str]) -> Mapping[str, datetime | None]:
            return {name: built[name] for name in names}

        return selection.select(built, dates)

    def _target_of(self, name: str) -> str:
        naming: Naming = self.values.get("naming") or Naming()
        try:
            return naming.target_of(name, host=self.source.host if self.source else "")
        except OciError as exc:
            self.problems.append(f"{exc.message} {exc.advice}".strip())
            return ""

    @property
    def chosen_count(self) -> int:
        return sum(len(each.chosen) for each in self.matched)

    @cached_property
    def next_runs(self) -> list[datetime]:
        """In the time zone of whoever looks."""
        found = next_times(
            self.values.get("schedule", ""),
            self.values.get("time_zone", "UTC"),
            after=timezone.now(),
        )
        return [timezone.localtime(moment) for moment in found]

    @cached_property
    def warnings(self) -> list[str]:
        return list(dict.fromkeys([*self.problems, *self._warnings()]))

    def _warnings(self) -> Iterator[str]:
        yield from self._of_names()
        if any("latest" in each.chosen for each in self.matched):
            yield _(
                "“latest” is no version: it moves, and what runs from the target may change with every run."
            )
        if self.values.get("platforms"):
            yield _(
                "Chosen platforms make a new index with another digest: a digest of the source is not found at the target, and "
                "signatures of the source's index do not fit it."
            )
        if (
            self.values.get("existing", Existing.OVERWRITE) == Existing.OVERWRITE
            and self._differing
        ):
            count = len(self._differing)
            words = {"count": count, "names": ", ".join(self._differing[:5])}
            yield (
                ngettext(
                    "%(count)d tag of the target would be overwritten: %(names)s.",
                    "%(count)d tags of the target would be overwritten: %(names)s …",
                    count,
                )
                % words
            )
        if self.values.get("delete_extras"):
            yield _(
                "Tags that the source no longer has are deleted at the target. Where other things are pushed there, they would go too."
            )
        if (
            self.target is not None
            and self.target == self.source
            and any(each.name == each.target for each in self.matched)
        ):
            yield _("Source and target are the same: choose another registry, or other names.")

    def _of_names(self) -> Iterator[str]:
        naming: Naming = self.values.get("naming") or Naming()
        try:
            naming.targets_of(
                self.names[:_MOST_NAMES], host=self.source.host if self.source else ""
            )
        except NamingCollision as exc:
            yield f"{exc.message} {exc.advice}".strip()
        except OciError:
            pass  # Said already, at its repository.
        if (
            self.target is not None
            and self.target.host == DOCKER_HUB
            and any(each.target.startswith(f"{DEFAULT_NAMESPACE}/") for each in self.matched)
        ):
            yield _(
                "On Docker Hub, names without an account are official images, and only Docker pushes those: choose a prefix."
            )

    @cached_property
    def _differing(self) -> list[str]:
        """What the index knows to differ at the target; empty where the digest changes anyway."""
        if self.target is None or self.values.get("platforms"):
            return []
        found = []
        for each in self.matched:
            here = _digests(self.source, each.name, each.chosen)
            there = _digests(self.target, each.target, each.chosen)
            found += [
                f"{each.target}:{tag}"
                for tag in each.chosen
                if there.get(tag) and there[tag] != here.get(tag)
            ]
        return found


def _digests(registry: Registry | None, repository: str, tags: Sequence[str]) -> dict[str, str]:
    rows = Tag.objects.filter(
        repository__registry=registry, repository__name=repository, name__in=tags[:_MOST_TAGS]
    )
    return dict(rows.values_list("name", "digest"))
