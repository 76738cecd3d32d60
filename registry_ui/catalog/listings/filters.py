"""Filters of the lists of repositories and tags, read from a page's query string."""

import functools
import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.utils.translation import gettext as _

from registry_ui.tags import InvalidRange, VersionRange
from registry_ui.web.keyset import Keyset
from registry_ui.web.tables import ShownTable

from . import tables
from .tables import REPOSITORY_TABLE, TAG_TABLE

PLAIN = "plain"
_HIDEABLE = tuple(column.name for column in TAG_TABLE.hideable)
# Bounds of a query string that anybody may write.
_MAX_TEXT_LENGTH = 200
_MAX_WORDS = 10
_MAX_VARIANTS = 50
_DIGEST_STARTS = ("sha256:", "sha512:")
_WHOLE_DIGEST = len("sha256:") + 64


@dataclass(frozen=True, slots=True)
class VersionFilter:
    """A range of versions as typed; an invalid one has a `problem` and no `range`."""

    text: str = ""
    range: VersionRange | None = None
    problem: str = ""

    @classmethod
    def read(cls, text: str) -> "VersionFilter":
        if not text:
            return cls()
        try:
            return cls(text, VersionRange.parse(text))
        except InvalidRange as exc:
            return cls(text, problem=_(exc.sentence) % {"part": exc.part})

    def condition(self) -> Q:
        # `version_key` sorts as versions do, so a range is a comparison of bytes in the database.
        bounds = self.range.bounds() if self.range else ()
        return Q(**{f"version_key__{lookup}": key for lookup, key in bounds})


@dataclass(frozen=True, slots=True)
class TagFilter:
    """The filter, order and columns of a repository's list of tags."""

    text: str
    versions: VersionFilter
    variants: tuple[str, ...]
    platform: str
    hides_prereleases: bool
    only_problems: bool
    sort: str
    is_grouped: bool
    hidden: frozenset[str]

    @classmethod
    def read(cls, query: QueryDict) -> "TagFilter":
        """Read the filter from a query string.

        Raises:
            BadRequest: the order is unknown.
        """
        # Duplicates are removed, but the order of the query string stays.
        variants = dict.fromkeys(filter(None, map(_clean, query.getlist("variant"))))
        return cls(
            text=_text(query, "q"),
            versions=VersionFilter.read(_text(query, "version")),
            variants=tuple(variants)[:_MAX_VARIANTS],
            platform=_text(query, "platform"),
            hides_prereleases=query.get("prereleases") == "hide",
            only_problems=query.get("problems") == "only",
            sort=tables.selected_order(tables.TAGS, query.get("sort", "")),
            is_grouped=query.get("group") == "variant",
            hidden=frozenset(query.getlist("hide")) & frozenset(_HIDEABLE),
        )

    @property
    def order(self) -> Keyset:
        return (tables.TAGS_BY_VARIANT if self.is_grouped else tables.TAGS)[self.sort]

    @property
    def is_filtering(self) -> bool:
        """Return whether any tag may be hidden."""
        conditions = (
            self.text,
            self.versions.range,
            self.variants,
            self.platform,
            self.hides_prereleases,
            self.only_problems,
        )
        return any(conditions)

    @property
    def table(self) -> ShownTable:
        return TAG_TABLE.shown(sort=self.sort, hidden=self.hidden)

    def apply(self, tags: QuerySet[Any]) -> QuerySet[Any]:
        """Return the matching tags."""
        # The conditions that are quickest to decide come first.
        if self.hides_prereleases:
            tags = tags.filter(is_prerelease=False)
        if self.only_problems:
            tags = tags.filter(problem__isnull=False)
        if self.versions.range:
            tags = tags.filter(self.versions.condition())
        if self.variants:
            tags = tags.filter(_any_variant(self.variants))
        if self.platform:
            tags = tags.filter(platforms__contains=f"|{self.platform}|")
        return tags.filter(_all_words(self.text, _tag_condition)) if self.text else tags

    @property
    def query(self) -> QueryDict:
        """The filter as a query string, without defaults and without the page."""
        query = QueryDict(mutable=True)
        values = {
            "q": self.text,
            "version": self.versions.text,
            "platform": self.platform,
            "prereleases": "hide" if self.hides_prereleases else "",
            "problems": "only" if self.only_problems else "",
            "sort": "" if self.sort == next(iter(tables.TAGS)) else self.sort,
            "group": "variant" if self.is_grouped else "",
        }

        query.update({name: value for name, value in values.items() if value})
        query.setlist("variant", list(self.variants))
        query.setlist("hide", [column for column in _HIDEABLE if column in self.hidden])
        return query


@dataclass(frozen=True, slots=True)
class RepositoryFilter:
    """The filter and order of a registry's list of repositories."""

    text: str
    only_problems: bool
    sort: str

    @classmethod
    def read(cls, query: QueryDict) -> "RepositoryFilter":
        """Read the filter from a query string.

        Raises:
            BadRequest: the order is unknown.
        """
        sort = tables.selected_order(tables.REPOSITORIES, query.get("sort", ""))
        return cls(text=_text(query, "q"), only_problems=query.get("problems") == "only", sort=sort)

    @property
    def order(self) -> Keyset:
        return tables.REPOSITORIES[self.sort]

    @property
    def table(self) -> ShownTable:
        return REPOSITORY_TABLE.shown(sort=self.sort)

    @property
    def is_filtering(self) -> bool:
        return bool(self.text or self.only_problems)

    def apply(self, repositories: QuerySet[Any]) -> QuerySet[Any]:
        if self.only_problems:
            repositories = repositories.filter(problem__isnull=False)
        if self.text:
            repositories = repositories.filter(_all_words(self.text, _name_condition))
        return repositories

    @property
    def query(self) -> QueryDict:
        """The filter as a query string, without defaults and without the page."""
        query = QueryDict(mutable=True)
        values = {
            "q": self.text,
            "problems": "only" if self.only_problems else "",
            "sort": "" if self.sort == next(iter(tables.REPOSITORIES)) else self.sort,
        }
        query.update({name: value for name, value in values.items() if value})
        return query


def _text(query: QueryDict, name: str) -> str:
    return _clean(query.get(name, ""))


def _clean(text: str) -> str:
    # PostgreSQL refuses a NUL in a string.
    return text.replace("\0", "").strip()[:_MAX_TEXT_LENGTH]


def _any_variant(variants: tuple[str, ...]) -> Q:
    # An OR: tags of any selected variant match.
    condition = Q()
    for variant in variants:
        condition |= Q(flavour="") if variant == PLAIN else Q(flavour__contains=f"|{variant}|")
    return condition


def _all_words(text: str, condition_of: Callable[[str], Q]) -> Q:
    return functools.reduce(operator.and_, map(condition_of, text.split()[:_MAX_WORDS]), Q())


def _name_condition(word: str) -> Q:
    """Match names that contain the word, or do not contain it after a minus sign."""
    if word.startswith("-") and len(word) > 1:
        return ~Q(name__icontains=word[1:])
    return Q(name__icontains=word)


def _tag_condition(word: str) -> Q:
    """Match the tag's name, or its digest if the word is the beginning of a digest."""
    if not word.startswith(_DIGEST_STARTS):
        return _name_condition(word)
    # An equality uses the index on (repository, digest).
    return Q(digest=word) if len(word) == _WHOLE_DIGEST else Q(digest__startswith=word)
