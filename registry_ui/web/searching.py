"""What is searched for, and what the apps above answer: they register their sources when they start; this app imports none."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

from registry_ui.oci.digest import Digest
from registry_ui.oci.errors import OciError
from registry_ui.oci.reference import Reference, normalise_host

_Row = TypeVar("_Row")

_MOST_CHARACTERS = 700
_MOST_WORDS = 8
# Fewer characters of a digest name too many things; without its algorithm it could be any word.
_DIGEST = re.compile(r"(sha256|sha512):[a-f0-9]{6,128}")
_BARE_HEX = re.compile(r"[a-f0-9]{12,128}")
_WHOLE_HEX = {64: "sha256", 128: "sha512"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What somebody typed, taken apart once for all sources.

    Args:
        words: lower case; what the names have to contain, without the parts below.
        host: of the registry, where the text begins with one.
        tag: what stands behind the colon.
        digest: the beginning of a digest, or all of it, with its algorithm.
        reference: the text as a whole image name, where it is one.
        limit: how many hits a group may have.
    """

    text: str = ""
    words: tuple[str, ...] = ()
    host: str = ""
    tag: str = ""
    digest: str = ""
    reference: Reference | None = None
    limit: int = 20

    @classmethod
    def parse(cls, text: str, limit: int = 20) -> "Question":
        """Never raises: whatever is no name is words."""
        text = "".join(
            character if character.isprintable() else " " for character in text[:_MOST_CHARACTERS]
        ).strip()
        if digest := _read_digest(text):
            return cls(text=text, words=_words_of(text), digest=digest, limit=limit)
        reference = _read_reference(text)
        if digest := _read_digest(text.partition("@")[2]):
            return cls(text=text, digest=digest, reference=reference, limit=limit)
        host, name = _split_host(text.rpartition("://")[2])
        name, tag = _split_tag(name)
        words = tuple(name.lower().split()[:_MOST_WORDS])
        return cls(text=text, words=words, host=host, tag=tag, reference=reference, limit=limit)

    @property
    def whole_digest(self) -> bool:
        try:
            Digest.parse(self.digest)
        except OciError:
            return False
        return True

    @property
    def names_image(self) -> bool:
        """Whether it is plainly one image's name, with its registry, its tag or its digest, and not just words."""
        return self.reference is not None and not {"registry", "tag"} <= self.reference.implied


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One answer, a link. Its name is a reference, shown in its colours, or a text; `facts` are what else is known of it."""

    url: str
    icon: str
    reference: Reference | None = None
    text: str = ""
    registry: str = ""
    team: str = ""
    facts: Sequence[str] = ()


class Link(NamedTuple):
    label: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Hits of one kind.

    Args:
        is_capped: there are more than are shown; `more` are the pages that show them all, `hint` says how to ask for fewer.
        is_answer: the question can only have meant the group's first hit.
        is_offer: nothing that was found, but what can be done instead; comes last.
    """

    title: str
    hits: Sequence[Hit]
    is_capped: bool = False
    more: Sequence[Link] = ()
    hint: str = ""
    is_answer: bool = False
    is_offer: bool = False


Source = Callable[[Any, Question], Iterable[Group]]


class _Registered(NamedTuple):
    order: int
    name: str
    source: Source


_registered: list[_Registered] = []


def register_source(order: int, source: Source) -> None:
    """Add a source, once. It gets the request and the question, and returns only what the request's person may see."""
    entry = _Registered(order, f"{source.__module__}.{source.__qualname__}", source)
    if all(known.name != entry.name for known in _registered):
        _registered.append(entry)
        _registered.sort(key=lambda known: (known.order, known.name))


def answer(request: Any, question: Question) -> list[Group]:
    """Every source's groups that have hits; no source is asked an empty question."""
    if not question.text:
        return []
    groups = [
        group
        for registered in _registered
        for group in registered.source(request, question)
        if group.hits
    ]
    return sorted(groups, key=lambda group: group.is_offer)


def capped(rows: Iterable[_Row], limit: int) -> tuple[list[_Row], bool]:
    """The rows to show, of `limit` + 1 that were asked for, and whether that is not all."""
    found = list(rows)
    return found[:limit], len(found) > limit


def team_name(request: Any, row: Any) -> str:
    """The name of the row's team, where the person is in several."""
    return (
        next((str(team) for team in request.teams if team.pk == row.team_id), "")
        if len(request.teams) > 1
        else ""
    )


def _read_digest(text: str) -> str:
    """`sha256:…` from a digest or a beginning of one; empty for any other text."""
    text = text.lower()
    if _DIGEST.fullmatch(text):
        return text
    return f"{_WHOLE_HEX.get(len(text), 'sha256')}:{text}" if _BARE_HEX.fullmatch(text) else ""


def _words_of(digest: str) -> tuple[str, ...]:
    """A short row of hex digits can be a name too: a commit or a date. A whole digest, or one with its algorithm, cannot."""
    return () if ":" in digest or len(digest) in _WHOLE_HEX else (digest.lower(),)


def _split_host(name: str) -> tuple[str, str]:
    first, slash, rest = name.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost"):
        try:
            return normalise_host(first), rest
        except OciError:
            pass
    return "", name


def _split_tag(name: str) -> tuple[str, str]:
    """At the last colon, where something follows it that could be a tag."""
    before, colon, after = name.rpartition(":")
    if not colon or "/" in after or " " in after.strip():
        return name, ""
    return before, after.strip()


def _read_reference(text: str) -> Reference | None:
    try:
        return Reference.parse(text.rpartition("://")[2])
    except OciError:
        return None
