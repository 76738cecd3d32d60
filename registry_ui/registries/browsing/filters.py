"""What a person asks of a list, as it stands in the address of the page."""

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

from . import orders

PLAIN = "plain"
COLUMNS = ("aliases", "digest", "platforms", "size", "built", "changed")
_LONGEST_TEXT = 200
_MOST_WORDS = 10
_MOST_CHOICES = 50
_DIGEST_STARTS = ("sha256:", "sha512:")
_WHOLE_DIGEST = len("sha256:") + 64


@dataclass(frozen=True, slots=True)
class Versions:
    """A range of versions as it was typed; `range` is None where it is none, and `problem` then says why."""

    text: str = ""
    range: VersionRange | None = None
    problem: str = ""

    @classmethod
    def read(cls, text: str) -> "Versions":
        if not text:
            return cls()
        try:
            return cls(text, VersionRange.parse(text))
        except InvalidRange as exc:
            return cls(text, problem=_(exc.sentence) % {"part": exc.part})

    def condition(self) -> Q:
        bounds = self.range.bounds() if self.range else ()
        return Q(**{f"version_key__{lookup}": key for lookup, key in bounds})


@dataclass(frozen=True, slots=True)
class TagFilter:
    """Which tags of a repository are listed, in which order, and which columns of them."""

    text: str
    versions: Versions
    variants: tuple[str, ...]
    platform: str
    hides_prereleases: bool
    only_problems: bool
    sort: str
    is_grouped: bool
    hidden: frozenset[str]

    @classmethod
    def read(cls, query: QueryDict) -> "TagFilter":
        """
        Raises:
            BadRequest: an order that there is not.
        """
        return cls(
            text=_text(query, "q"),
            versions=Versions.read(_text(query, "version")),
            variants=tuple(dict.fromkeys(filter(None, map(_clean, query.getlist("variant")))))[
                :_MOST_CHOICES
            ],
            platform=_text(query, "platform"),
            hides_prereleases=query.get("prereleases") == "hide",
            only_problems=query.get("problems") == "only",
            sort=orders.chosen_order(orders.TAGS, query.get("sort", "")),
            is_grouped=query.get("group") == "variant",
            hidden=frozenset(query.getlist("hide")) & frozenset(COLUMNS),
        )

    @property
    def order(self) -> Keyset:
        return (orders.TAGS_BY_VARIANT if self.is_grouped else orders.TAGS)[self.sort]

    @property
    def is_filtering(self) -> bool:
        chosen = (
            self.text,
            self.versions.range,
            self.variants,
            self.platform,
            self.hides_prereleases,
            self.only_problems,
        )
        return any(chosen)

    @property
    def shown(self) -> list[str]:
        return [column for column in COLUMNS if column not in self.hidden]

    @property
    def width(self) -> int:
        """How many columns a heading spans; the other names of a digest stand below the tag."""
        return 2 + len([column for column in self.shown if column != "aliases"])

    def apply(self, tags: QuerySet[Any]) -> QuerySet[Any]:
        """In the order of what is quickest to decide."""
        if self.hides_prereleases:
            tags = tags.filter(is_prerelease=False)
        if self.only_problems:
            tags = tags.exclude(problem="")
        if self.versions.range:
            tags = tags.filter(self.versions.condition())
        if self.variants:
            tags = tags.filter(_any_variant(self.variants))
        if self.platform:
            tags = tags.filter(platforms__contains=f"|{self.platform}|")
        return tags.filter(_conditions(self.text, _of_a_tag)) if self.text else tags

    @property
    def query(self) -> QueryDict:
        """The same again as an address has it, without what goes without saying and without the page."""
        query = QueryDict(mutable=True)
        values = {
            "q": self.text,
            "version": self.versions.text,
            "platform": self.platform,
            "prereleases": "hide" if self.hides_prereleases else "",
            "problems": "only" if self.only_problems else "",
            "sort": "" if self.sort == next(iter(orders.TAGS)) else self.sort,
            "group": "variant" if self.is_grouped else "",
        }
        query.update({name: value for name, value in values.items() if value})
        query.setlist("variant", list(self.variants))
        query.setlist("hide", [column for column in COLUMNS if column in self.hidden])
        return query


@dataclass(frozen=True, slots=True)
class RepositoryFilter:
    """Which repositories of a registry are listed, and in which order."""

    text: str
    only_problems: bool
    sort: str

    @classmethod
    def read(cls, query: QueryDict) -> "RepositoryFilter":
        """
        Raises:
            BadRequest: an order that there is not.
        """
        sort = orders.chosen_order(orders.REPOSITORIES, query.get("sort", ""))
        return cls(text=_text(query, "q"), only_problems=query.get("problems") == "only", sort=sort)

    @property
    def order(self) -> Keyset:
        return orders.REPOSITORIES[self.sort]

    @property
    def is_filtering(self) -> bool:
        return bool(self.text or self.only_problems)

    def apply(self, repositories: QuerySet[Any]) -> QuerySet[Any]:
        if self.only_problems:
            repositories = repositories.exclude(problem="")
        return (
            repositories.filter(_conditions(self.text, _of_a_name)) if self.text else repositories
        )

    @property
    def query(self) -> QueryDict:
        """The same again as an address has it, without what goes without saying and without the page."""
        query = QueryDict(mutable=True)
        values = {
            "q": self.text,
            "problems": "only" if self.only_problems else "",
            "sort": "" if self.sort == next(iter(orders.REPOSITORIES)) else self.sort,
        }
        query.update({name: value for name, value in values.items() if value})
        return query


def _text(query: QueryDict, name: str) -> str:
    return _clean(query.get(name, ""))


def _clean(text: str) -> str:
    return text.replace("\0", "").strip()[:_LONGEST_TEXT]


def _any_variant(words: tuple[str, ...]) -> Q:
    condition = Q()
    for word in words:
        condition |= Q(flavour="") if word == PLAIN else Q(flavour__contains=f"|{word}|")
    return condition


def _conditions(text: str, condition_of: Callable[[str], Q]) -> Q:
    """All words hold."""
    return functools.reduce(operator.and_, map(condition_of, text.split()[:_MOST_WORDS]), Q())


def _of_a_name(word: str) -> Q:
    """It occurs in the name; with a minus before it, it does not."""
    return (
        ~Q(name__icontains=word[1:])
        if word.startswith("-") and len(word) > 1
        else Q(name__icontains=word)
    )


def _of_a_tag(word: str) -> Q:
    """A digest, or the beginning of one, finds the tags that name it."""
    if not word.startswith(_DIGEST_STARTS):
        return _of_a_name(word)
    return Q(digest=word) if len(word) == _WHOLE_DIGEST else Q(digest__startswith=word)
