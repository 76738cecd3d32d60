"""The selection of tags, with a reason for each skipped tag. No network, no database."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from registry_ui.tags import (
    InvalidRange,
    Kind,
    Tag,
    VersionRange,
    order_key,
    parse_tag,
    version_key,
)

from .patterns import compile_expression, is_glob, matches_glob
from .selection_document import (
    MEMBERS,
    InvalidSelection,
    check_tags,
    errors_of_member,
    read_list,
    read_newest,
    read_text,
)

PLAIN = "plain"
"""The variant of a tag that names none."""
PER = ("all", "major", "minor")
_DAYS = re.compile(r"(\d{1,5})\s*d(?:ays?)?")

BuildDates = Callable[[Sequence[str]], Mapping[str, datetime | None]]
"""A function from tags to the build dates of their images; None where the image has none."""


@dataclass(frozen=True, slots=True)
class TagChoice:
    """A tag; where it is skipped, with the reason."""

    tag: str
    reason: str = ""

    @property
    def is_selected(self) -> bool:
        return not self.reason


@dataclass(frozen=True, slots=True)
class Selection:
    """The checked `selection` of a mirror.

    All members must agree; a tag that is named in full is always selected.

    Args:
        tags: names, or globs of names; none is all.
        match, exclude: regular expressions that a whole tag must match, or must not.
        versions: a range, as `registry_ui.tags` reads it.
        variants, without_variants: as `Tag.flavour` has them, or `plain`.
        prereleases: whether release candidates and the like are selected.
        newest: the number of versions of each line (`per`: all, major or minor), for each
            variant separately; 0 is all.
        newer_than: a date, or days such as `90d`; empty is any.
    """

    tags: tuple[str, ...] = ()
    match: str = ""
    exclude: str = ""
    versions: str = ""
    variants: tuple[str, ...] = ()
    without_variants: tuple[str, ...] = ()
    prereleases: bool = True
    newest: int = 0
    per: str = "minor"
    newer_than: str = ""
    _literal: frozenset[str] = field(default=frozenset(), repr=False)

    @classmethod
    def parse(cls, document: Any) -> "Selection":
        """Parse the `selection` of a mirror.

        Raises:
            InvalidSelection: its `field` is the member at fault.
        """
        if not isinstance(document, dict):
            raise InvalidSelection("tags", "selection_not_object")

        # A typing error in a file or a script must not silently select every tag.
        unknown = [name for name in document if name not in MEMBERS]
        if unknown:
            raise InvalidSelection(
                "tags", "selection_member_unknown", name=str(unknown[0])[:40], names=MEMBERS
            )

        tags = read_list(document, "tags")
        selection = cls(
            tags=tags,
            match=read_text(document, "match"),
            exclude=read_text(document, "exclude"),
            versions=read_text(document, "versions"),
            variants=read_list(document, "variants"),
            without_variants=read_list(document, "without_variants"),
            prereleases=bool(document.get("prereleases", True)),
            newest=read_newest(document),
            per=read_text(document, "per") or "minor",
            newer_than=read_text(document, "newer_than"),
            _literal=frozenset(tag for tag in tags if not is_glob(tag)),
        )
        selection._check()

        return selection

    def document(self) -> dict[str, Any]:
        """Return the value of a mirror's `selection`, without defaults."""
        # Defaults are left out, so that an empty selection is an empty object.
        values = {
            name: getattr(self, name) for name in MEMBERS if name not in ("per", "prereleases")
        }
        document: dict[str, Any] = {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in values.items()
            if value
        }

        if self.newest:
            document["per"] = self.per

        return document if self.prereleases else {**document, "prereleases": False}

    @property
    def is_literal(self) -> bool:
        """Return whether every tag is named in full, so that no list is needed."""
        return bool(self.tags) and len(self._literal) == len(self.tags)

    @property
    def needs_dates(self) -> bool:
        return bool(self.newer_than)

    def select_by_name(self, names: Iterable[str]) -> list[TagChoice]:
        """Return the choices that the names alone decide, in natural order."""
        name_filter = _NameFilter(self)

        # In natural order, as the pages show tags: 1.9 before 1.10.
        parsed = sorted((parse_tag(name) for name in dict.fromkeys(names)), key=order_key)
        return [
            TagChoice(
                tag.text, "" if tag.text in self._literal else name_filter.exclusion_reason(tag)
            )
            for tag in parsed
        ]

    def select(self, names: Iterable[str], dates: BuildDates | None = None) -> list[TagChoice]:
        """Return the choices by name, then by date, then the newest of the rest.

        Args:
            dates: called once, for the tags that are left then; required where `needs_dates`.

        Raises:
            InvalidPattern: an expression takes too long.
        """
        # In this order: dates cost requests, and the newest are counted among the rest.
        choices = {choice.tag: choice for choice in self.select_by_name(names)}
        if self.needs_dates and dates is not None:
            self._exclude(choices, self._too_old(_selected(choices, self._literal), dates))
        if self.newest:
            self._exclude(choices, self._not_newest(_selected(choices, self._literal)))
        return list(choices.values())

    def _exclude(self, choices: dict[str, TagChoice], reasons: Mapping[str, str]) -> None:
        choices.update({tag: TagChoice(tag, reason) for tag, reason in reasons.items()})

    def _too_old(self, tags: Sequence[str], dates: BuildDates) -> dict[str, str]:
        limit = self._limit()

        # One call for all tags: the index answers with one query.
        built = dates(tags) if tags else {}
        params = {"date": limit.date().isoformat()}
        reasons = {}
        for tag in tags:
            date = built.get(tag)
            if date is None:
                reasons[tag] = _("It does not state when it was built")
            elif date < limit:
                reasons[tag] = _("Built before %(date)s") % params

        return reasons

    def _not_newest(self, tags: Sequence[str]) -> dict[str, str]:
        lines: dict[tuple[Any, ...], list[Tag]] = {}
        reasons = {}
        for tag in map(parse_tag, tags):
            # “latest” and branch names have no order among versions.
            if tag.version is None:
                reasons[tag.text] = _("It names no version, so it is not among the newest")
            else:
                lines.setdefault(self._line_of(tag), []).append(tag)

        for line in lines.values():
            ranked = sorted(
                line, key=lambda tag: (version_key(tag) or b"", order_key(tag)), reverse=True
            )
            # 1.27 is a floating tag that follows the newest 1.27.x, so it does not count.
            exact = [tag for tag in ranked if not tag.is_floating] or ranked
            newest = {tag.text for tag in exact[: self.newest]} | {
                tag.text for tag in ranked if tag.is_floating and tag not in exact
            }
            params = {"count": self.newest, "line": _line_label(self.per)}
            reasons.update(
                {
                    tag.text: _("Not among the newest %(count)d %(line)s") % params
                    for tag in ranked
                    if tag.text not in newest
                }
            )

        return reasons

    def _line_of(self, tag: Tag) -> tuple[Any, ...]:
        numbers = tag.version.numbers if tag.version else ()
        length = {"all": 0, "major": 1, "minor": 2}[self.per]
        return (tag.flavour, numbers[:length])

    def _limit(self) -> datetime:
        days = _DAYS.fullmatch(self.newer_than)
        if days is not None:
            return timezone.now() - timedelta(days=int(days[1]))
        timestamp = datetime.fromisoformat(self.newer_than)
        return timestamp if timestamp.tzinfo else timestamp.replace(tzinfo=UTC)

    def _check(self) -> None:
        check_tags(self.tags)
        for name in ("match", "exclude"):
            with errors_of_member(name):
                compile_expression(getattr(self, name))

        # Parsed again for each use: the document keeps the text.
        if self.versions:
            try:
                VersionRange.parse(self.versions)
            except InvalidRange as exc:
                raise InvalidSelection(
                    "versions", "version_range_invalid", problem=exc.sentence, part=exc.part
                ) from exc

        if self.per not in PER:
            raise InvalidSelection("per", "selection_per_invalid")

        if self.newer_than:
            try:
                self._limit()
            except (ValueError, OverflowError) as exc:
                raise InvalidSelection(
                    "newer_than", "selection_date_invalid", text=self.newer_than[:40]
                ) from exc


class _NameFilter:
    """The name rules of a selection, prepared for thousands of tags."""

    def __init__(self, selection: Selection) -> None:
        self._selection = selection
        self._match = compile_expression(selection.match) if selection.match else None
        self._exclude = compile_expression(selection.exclude) if selection.exclude else None
        self._range = VersionRange.parse(selection.versions) if selection.versions else None

    def exclusion_reason(self, tag: Tag) -> str:
        """Return why a tag is skipped, in a few words; empty if it is selected."""
        selection = self._selection

        # cosign names its tags after a digest, and they follow their image.
        if tag.kind is Kind.DIGEST:
            return _("A signature or a list of them: it goes along with its image")

        if selection.tags and not any(
            matches_glob(tag.text, pattern) for pattern in selection.tags
        ):
            return _("Its name is not asked for")

        if self._match is not None and not self._match(tag.text):
            return _("It does not match the expression")
        if self._exclude is not None and self._exclude(tag.text):
            return _("It matches the expression that leaves out")

        if self._range is not None and not self._range.matches(tag):
            return (
                _("Outside %(range)s") % {"range": selection.versions}
                if tag.version
                else _("It names no version")
            )

        if not selection.prereleases and tag.is_prerelease:
            return _("A pre-release")

        return self._variant_problem(tag)

    def _variant_problem(self, tag: Tag) -> str:
        selection = self._selection
        if not (selection.variants or selection.without_variants):
            return ""

        # A tag without a variant is “plain”, so that it can be selected too.
        named = {word.lower() for word in (*tag.flavour, *tag.variants)} or {PLAIN}
        if selection.variants and not named & set(selection.variants):
            return _("Another variant")
        unwanted = sorted(named & set(selection.without_variants))
        return _("The variant %(name)s is left out") % {"name": unwanted[0]} if unwanted else ""


def _selected(choices: Mapping[str, TagChoice], literal: frozenset[str]) -> list[str]:
    return [tag for tag, choice in choices.items() if choice.is_selected and tag not in literal]


def _line_label(per: str) -> str:
    return {
        "all": _("versions"),
        "major": _("of its major version"),
        "minor": _("of its minor version"),
    }[per]
