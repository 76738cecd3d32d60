"""Which tags of a repository a mirror takes, and why it leaves the others. No network, no database."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from registry_ui.oci.errors import InvalidReference, OciError
from registry_ui.oci.reference import check_tag
from registry_ui.tags import (
    InvalidRange,
    Kind,
    Tag,
    VersionRange,
    order_key,
    parse_tag,
    version_key,
)

from .patterns import expression, is_glob, matches_glob

PLAIN = "plain"
"""The variant of a tag that names none."""
PER = ("all", "major", "minor")
_MOST_NAMES = 200
_DAYS = re.compile(r"(\d{1,5})\s*d(?:ays?)?")

Dates = Callable[[Sequence[str]], Mapping[str, datetime | None]]
"""When the images behind some tags were built; None where nobody states it."""


class InvalidSelection(OciError, ValueError):
    """`field` is the member of the document that is at fault."""

    def __init__(self, field_name: str, message: str, advice: str = "") -> None:
        super().__init__(message, advice=advice)
        self.field = field_name


@dataclass(frozen=True, slots=True)
class Choice:
    """A tag, and where it is left out, why."""

    tag: str
    reason: str = ""

    @property
    def is_chosen(self) -> bool:
        return not self.reason


@dataclass(frozen=True, slots=True)
class Selection:
    """A mirror's `selection`, checked. Every part that is there must agree; a tag named in full is taken whatever the others say.

    Args:
        tags: names, or globs of names; none is all.
        match, exclude: regular expressions that a tag must match, or must not, as a whole.
        versions: a range, as `registry_ui.tags` reads it.
        variants, without_variants: as `Tag.flavour` has them, or `plain`.
        prereleases: whether release candidates and the like are taken.
        newest: how many versions of each line (`per`: all, major or minor), in each variant for itself; 0 is all.
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
        """
        Raises:
            InvalidSelection: naming the member at fault.
        """
        if not isinstance(document, dict):
            raise InvalidSelection("tags", _("The selection is no object."))
        unknown = [name for name in document if name not in _MEMBERS]
        if unknown:
            words = {"name": str(unknown[0])[:40], "names": ", ".join(_MEMBERS)}
            raise InvalidSelection(
                "tags",
                _("A selection has no member “%(name)s”.") % words,
                _("There are %(names)s.") % words,
            )
        tags = _words(document, "tags")
        selection = cls(
            tags=tags,
            match=_text(document, "match"),
            exclude=_text(document, "exclude"),
            versions=_text(document, "versions"),
            variants=_words(document, "variants"),
            without_variants=_words(document, "without_variants"),
            prereleases=bool(document.get("prereleases", True)),
            newest=_count(document),
            per=_text(document, "per") or "minor",
            newer_than=_text(document, "newer_than"),
            _literal=frozenset(tag for tag in tags if not is_glob(tag)),
        )
        selection._check()
        return selection

    def document(self) -> dict[str, Any]:
        """As a mirror keeps it: only what restricts."""
        values = {
            name: getattr(self, name) for name in _MEMBERS if name not in ("per", "prereleases")
        }
        kept: dict[str, Any] = {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in values.items()
            if value
        }
        if self.newest:
            kept["per"] = self.per
        return kept if self.prereleases else {**kept, "prereleases": False}

    @property
    def is_literal(self) -> bool:
        """Whether it names each tag in full, so that no list is needed."""
        return bool(self.tags) and len(self._literal) == len(self.tags)

    @property
    def needs_dates(self) -> bool:
        return bool(self.newer_than)

    def by_name(self, names: Iterable[str]) -> list[Choice]:
        """What the names alone decide, in natural order."""
        rules = _Rules(self)
        parsed = sorted((parse_tag(name) for name in dict.fromkeys(names)), key=order_key)
        return [
            Choice(tag.text, "" if tag.text in self._literal else rules.why_not(tag))
            for tag in parsed
        ]

    def select(self, names: Iterable[str], dates: Dates | None = None) -> list[Choice]:
        """All of it: by name, then by date, then the newest of what is left.

        Args:
            dates: asked once, for the tags that are left by then; needed where `needs_dates`.

        Raises:
            InvalidPattern: an expression takes too long.
        """
        choices = {choice.tag: choice for choice in self.by_name(names)}
        if self.needs_dates and dates is not None:
            self._leave_out(choices, self._too_old(_open(choices, self._literal), dates))
        if self.newest:
            self._leave_out(choices, self._not_newest(_open(choices, self._literal)))
        return list(choices.values())

    def _leave_out(self, choices: dict[str, Choice], reasons: Mapping[str, str]) -> None:
        choices.update({tag: Choice(tag, reason) for tag, reason in reasons.items()})

    def _too_old(self, tags: Sequence[str], dates: Dates) -> dict[str, str]:
        limit = self._limit()
        built = dates(tags) if tags else {}
        words = {"date": limit.date().isoformat()}
        reasons = {}
        for tag in tags:
            date = built.get(tag)
            if date is None:
                reasons[tag] = _("It does not state when it was built")
            elif date < limit:
                reasons[tag] = _("Built before %(date)s") % words
        return reasons

    def _not_newest(self, tags: Sequence[str]) -> dict[str, str]:
        lines: dict[tuple[Any, ...], list[Tag]] = {}
        reasons = {}
        for tag in map(parse_tag, tags):
            if tag.version is None:
                reasons[tag.text] = _("It names no version, so it is not among the newest")
            else:
                lines.setdefault(self._line_of(tag), []).append(tag)
        for line in lines.values():
            ranked = sorted(
                line, key=lambda tag: (version_key(tag) or b"", order_key(tag)), reverse=True
            )
            # 1.27 is moved along with the newest 1.27.x: it takes no place of theirs.
            exact = [tag for tag in ranked if not tag.is_floating] or ranked
            kept = {tag.text for tag in exact[: self.newest]} | {
                tag.text for tag in ranked if tag.is_floating and tag not in exact
            }
            words = {"count": self.newest, "line": _line_words(self.per)}
            reasons.update(
                {
                    tag.text: _("Not among the newest %(count)d %(line)s") % words
                    for tag in ranked
                    if tag.text not in kept
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
        moment = datetime.fromisoformat(self.newer_than)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)

    def _check(self) -> None:
        _check_tags(self)
        for name in ("match", "exclude"):
            with _blamed(name):
                expression(getattr(self, name))
        if self.versions:
            try:
                VersionRange.parse(self.versions)
            except InvalidRange as exc:
                raise InvalidSelection("versions", _(exc.sentence) % {"part": exc.part}) from exc
        if self.per not in PER:
            raise InvalidSelection("per", _("The newest are counted per all, major or minor."))
        if self.newer_than:
            try:
                self._limit()
            except (ValueError, OverflowError) as exc:
                raise InvalidSelection(
                    "newer_than",
                    _("“%(text)s” is no date.") % {"text": self.newer_than[:40]},
                    _("Write 2026-01-31, or days: 90d."),
                ) from exc


_MEMBERS = (
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


class _Rules:
    """What can be said of one tag by its name, prepared for thousands."""

    def __init__(self, selection: Selection) -> None:
        self._selection = selection
        self._match = expression(selection.match) if selection.match else None
        self._exclude = expression(selection.exclude) if selection.exclude else None
        self._range = VersionRange.parse(selection.versions) if selection.versions else None

    def why_not(self, tag: Tag) -> str:
        """Why it is left out, in a few words; empty where it is taken."""
        rule = self._selection
        if tag.kind is Kind.DIGEST:
            return _("A signature or a list of them: it goes along with its image")
        if rule.tags and not any(matches_glob(tag.text, pattern) for pattern in rule.tags):
            return _("Its name is not asked for")
        if self._match is not None and not self._match(tag.text):
            return _("It does not match the expression")
        if self._exclude is not None and self._exclude(tag.text):
            return _("It matches the expression that leaves out")
        if self._range is not None and not self._range.matches(tag):
            return (
                _("Outside %(range)s") % {"range": rule.versions}
                if tag.version
                else _("It names no version")
            )
        if not rule.prereleases and tag.is_prerelease:
            return _("A pre-release")
        return self._variant_problem(tag)

    def _variant_problem(self, tag: Tag) -> str:
        rule = self._selection
        if not (rule.variants or rule.without_variants):
            return ""
        named = {word.lower() for word in (*tag.flavour, *tag.variants)} or {PLAIN}
        if rule.variants and not named & set(rule.variants):
            return _("Another variant")
        unwanted = sorted(named & set(rule.without_variants))
        return _("The variant %(name)s is left out") % {"name": unwanted[0]} if unwanted else ""


def _open(choices: Mapping[str, Choice], literal: frozenset[str]) -> list[str]:
    return [tag for tag, choice in choices.items() if choice.is_chosen and tag not in literal]


def _line_words(per: str) -> str:
    return {
        "all": _("versions"),
        "major": _("of its major version"),
        "minor": _("of its minor version"),
    }[per]


def _words(document: dict[str, Any], name: str) -> tuple[str, ...]:
    values = document.get(name) or []
    if (
        not isinstance(values, list)
        or not all(isinstance(value, str) for value in values)
        or len(values) > _MOST_NAMES
    ):
        raise InvalidSelection(
            name,
            _("“%(name)s” is a list of at most %(most)d words.")
            % {"name": name, "most": _MOST_NAMES},
        )
    cleaned = (value.strip() for value in values)
    lowered = name != "tags"
    return tuple(dict.fromkeys(value.lower() if lowered else value for value in cleaned if value))


def _text(document: dict[str, Any], name: str) -> str:
    value = document.get(name) or ""
    if not isinstance(value, str):
        raise InvalidSelection(name, _("“%(name)s” is a text.") % {"name": name})
    return value.strip()


def _count(document: dict[str, Any]) -> int:
    value = document.get("newest") or 0
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= 1000:
        raise InvalidSelection(
            "newest", _("How many of the newest is a number up to 1000; 0 is all.")
        )
    return value


def _check_tags(selection: Selection) -> None:
    for tag in selection.tags:
        if len(tag) > 128:
            raise InvalidSelection(
                "tags", _("“%(tag)s…” is longer than a tag can be.") % {"tag": tag[:40]}
            )
        if not is_glob(tag):
            try:
                check_tag(tag)
            except InvalidReference as exc:
                raise InvalidSelection("tags", exc.message, exc.advice) from exc


class _blamed:
    """A pattern's fault is that of a member."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, exc: BaseException | None, trace: object) -> None:
        if isinstance(exc, OciError):
            raise InvalidSelection(self._name, exc.message, exc.advice) from exc
