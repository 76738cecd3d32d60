"""The preview of a mirror that is being edited. It reads the index and no registry."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from registry_ui.accounts.models import Team
from registry_ui.catalog.models import Repository, Tag
from registry_ui.oci.errors import OciError
from registry_ui.registries.models import Registry
from registry_ui.web.errors import describe

from .models import ConflictPolicy
from .patterns import InvalidPattern, is_glob, matches_glob
from .repository_naming import Naming, NamingCollision
from .schedule import next_cron_times
from .selection import Selection, TagChoice

MAX_REPOSITORIES = 12
_MAX_NAMES = 5000
_MAX_TAGS = 2000
_SHOWN_TAGS = 12
_SHOWN_SKIPPED = 6


@dataclass(frozen=True, slots=True)
class MatchedRepository:
    """A selected repository, its name at the target, and its indexed tags."""

    name: str
    target: str
    is_known: bool
    choices: Sequence[TagChoice] = ()
    problem: str = ""

    @property
    def selected_tags(self) -> list[str]:
        return [choice.tag for choice in self.choices if choice.is_selected]

    @property
    def shown(self) -> list[str]:
        # The newest tags of the natural order come first.
        return self.selected_tags[-_SHOWN_TAGS:][::-1]

    @property
    def more(self) -> int:
        return max(len(self.selected_tags) - _SHOWN_TAGS, 0)

    @property
    def skipped(self) -> list[TagChoice]:
        return [choice for choice in self.choices if not choice.is_selected]

    @property
    def shown_skipped(self) -> list[TagChoice]:
        return self.skipped[-_SHOWN_SKIPPED:][::-1]


@dataclass
class Preview:
    """The effect of an unsaved mirror.

    Args:
        values: the valid fields of the form so far.
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
        """Return the literal repositories, and the indexed ones that match a glob."""
        patterns: list[str] = self.values.get("repositories") or []
        if self.source is None:
            return []

        globs = [pattern for pattern in patterns if is_glob(pattern)]

        # Only globs need the index; a literal name may be new to it.
        known = (
            Repository.objects.filter(registry=self.source)
            .order_by("name")
            .values_list("name", flat=True)[:_MAX_NAMES]
            if globs
            else []
        )
        matching = [name for name in known if any(matches_glob(name, pattern) for pattern in globs)]

        return list(
            dict.fromkeys([*(pattern for pattern in patterns if not is_glob(pattern)), *matching])
        )

    @property
    def more(self) -> int:
        return max(len(self.names) - MAX_REPOSITORIES, 0)

    @cached_property
    def matched(self) -> list[MatchedRepository]:
        return list(self._matched())

    def _matched(self) -> Iterator[MatchedRepository]:
        rows = {
            row.name: row
            for row in Repository.objects.filter(
                registry=self.source, name__in=self.names[:MAX_REPOSITORIES]
            )
        }
        is_slow = False

        for name in self.names[:MAX_REPOSITORIES]:
            row, target = rows.get(name), self._target_name(name)
            if row is None or row.indexed_at is None or is_slow:
                yield MatchedRepository(name, target, is_known=False)
                continue

            try:
                yield MatchedRepository(name, target, is_known=True, choices=self._choices(row))
            except InvalidPattern as exc:
                # The time budget is per selection, so the other repositories are not matched again.
                is_slow = True
                yield MatchedRepository(name, target, is_known=True, problem=str(describe(exc)))

    def _choices(self, row: Repository) -> list[TagChoice]:
        selection: Selection = self.values.get("selection") or Selection()

        # The newest tags only: the preview is an excerpt, and runs with every key press.
        built_at = {
            tag.name: tag.built
            for tag in Tag.objects.filter(repository=row).order_by("-order_key")[:_MAX_TAGS]
        }

        def dates(names: Sequence[str]) -> Mapping[str, datetime | None]:
            return {name: built_at[name] for name in names}

        return selection.select(built_at, dates)

    def _target_name(self, name: str) -> str:
        naming: Naming = self.values.get("naming") or Naming()
        try:
            return naming.target_name(name, host=self.source.host if self.source else "")
        except OciError as exc:
            self.problems.append(str(describe(exc)))
            return ""

    @property
    def selected_count(self) -> int:
        return sum(len(repository.selected_tags) for repository in self.matched)

    @cached_property
    def next_runs(self) -> list[datetime]:
        """Return the next runs in the viewer's time zone."""
        timestamps = next_cron_times(
            self.values.get("schedule", ""),
            self.values.get("time_zone", "UTC"),
            after=timezone.now(),
        )
        return [timezone.localtime(timestamp) for timestamp in timestamps]

    @cached_property
    def warnings(self) -> list[str]:
        return list(dict.fromkeys([*self.problems, *self._warnings()]))

    def _warnings(self) -> Iterator[str]:
        yield from self._name_warnings()

        # Warnings, not errors: each of these may be intended.
        if any("latest" in repository.selected_tags for repository in self.matched):
            yield _(
                "“latest” is no version: it moves, and what runs from the target may change with "
                "every run."
            )

        if self.values.get("platforms"):
            yield _(
                "Chosen platforms make a new index with another digest: a digest of the source is "
                "not found at the target, and "
                "signatures of the source's index do not fit it."
            )

        if (
            self.values.get("conflict_policy", ConflictPolicy.OVERWRITE) == ConflictPolicy.OVERWRITE
            and self._differing
        ):
            count = len(self._differing)
            params = {"count": count, "names": ", ".join(self._differing[:5])}
            yield (
                ngettext(
                    "%(count)d tag of the target would be overwritten: %(names)s.",
                    "%(count)d tags of the target would be overwritten: %(names)s …",
                    count,
                )
                % params
            )

        if self.values.get("delete_extras"):
            yield _(
                "Tags that the source no longer has are deleted at the target. Where other things "
                "are pushed there, they would go too."
            )

        if (
            self.target is not None
            and self.target == self.source
            and any(repository.name == repository.target for repository in self.matched)
        ):
            yield _("Source and target are the same: choose another registry, or other names.")

    def _name_warnings(self) -> Iterator[str]:
        naming: Naming = self.values.get("naming") or Naming()
        try:
            naming.target_names(
                self.names[:_MAX_NAMES], host=self.source.host if self.source else ""
            )
        except NamingCollision as exc:
            yield str(describe(exc))
        except OciError:
            pass  # Shown at its repository already.

        if self.target is None:
            return
        provider = self.target.get_provider()
        if any(provider.is_reserved(repository.target) for repository in self.matched):
            yield _("%(problem)s Choose a prefix.") % {"problem": provider.reserved_message}

    @cached_property
    def _differing(self) -> list[str]:
        """Return the indexed tags that differ at the target.

        None are known where platforms are selected, as that changes every digest.
        """
        if self.target is None or self.values.get("platforms"):
            return []

        differing = []
        for repository in self.matched:
            # Both from the index: the preview asks no registry.
            source_digests = _digests(self.source, repository.name, repository.selected_tags)
            target_digests = _digests(self.target, repository.target, repository.selected_tags)
            differing += [
                f"{repository.target}:{tag}"
                for tag in repository.selected_tags
                if target_digests.get(tag) and target_digests[tag] != source_digests.get(tag)
            ]

        return differing


def _digests(registry: Registry | None, repository: str, tags: Sequence[str]) -> dict[str, str]:
    rows = Tag.objects.filter(
        repository__registry=registry, repository__name=repository, name__in=tags[:_MAX_TAGS]
    )
    return dict(rows.values_list("name", "digest"))
