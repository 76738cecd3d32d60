"""The analysis of a typed image reference: its parts, notes on its tag, or its error."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from registry_ui.oci.digest import Digest
from registry_ui.oci.errors import OciError
from registry_ui.oci.reference import (
    DEFAULT_TAG,
    Reference,
    check_repository,
    check_tag,
    normalise_host,
)
from registry_ui.providers.catalogue import provider_for_host
from registry_ui.tags import Explanation, Movement, Tag, describe_risk, explain_tag, parse_tag

from .errors import describe

USES = ("pull", "push", "tag")
# The field may get a whole file; the page shows its beginning.
_SHOWN_CHARACTERS = 300
_PART_CHARACTERS = 80

LABELS: dict[str, str | Promise] = {
    "registry": gettext_lazy("registry"),
    "namespace": gettext_lazy("namespace"),
    "repository": gettext_lazy("repository"),
    "tag": gettext_lazy("tag"),
    "digest": gettext_lazy("digest"),
}


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a reference, with the `separator` after it."""

    kind: str
    text: str
    implied: bool = False
    wrong: bool = False
    separator: str = ""

    @property
    def label(self) -> str:
        return str(LABELS[self.kind])

    @property
    def colour(self) -> str:
        return "tag" if self.kind == "digest" else self.kind

    @property
    def screen_reader_text(self) -> str:
        """The text for screen readers."""
        return f"{self.label} {self.text}" + (f" ({_('implied')})" if self.implied else "")


@dataclass(frozen=True, slots=True)
class Note:
    level: str
    title: str
    text: str = ""

    @property
    def icon(self) -> str:
        return "alert-triangle" if self.level == "warn" else "info-circle"


@dataclass(frozen=True)
class ReferenceAnalysis:
    """The data that the reference field shows below its input."""

    use: str
    parts: tuple[Part, ...] = ()
    reference: Reference | None = None
    message: str = ""
    advice: str = ""

    @cached_property
    def tag(self) -> Tag | None:
        return parse_tag(self.reference.tag) if self.reference and self.reference.tag else None

    @property
    def explanations(self) -> list[Explanation]:
        return explain_tag(self.tag) if self.tag else []

    @property
    def movement(self) -> str:
        """One of immutable, pinned, floating and unknown; empty without a valid reference."""
        if self.reference is None:
            return ""
        if self.reference.digest is not None:
            return "immutable"
        return self.tag.movement.value if self.tag else ""

    @property
    def notes(self) -> list[Note]:
        if self.reference is None:
            return []
        notes = (
            _namespace_note(self.reference, self.use),
            _tag_note(self.reference, self.use),
        )
        return [note for note in notes if note is not None]

    @property
    def screen_reader_text(self) -> str:
        """One sentence for screen readers."""
        if self.message:
            return f"{self.message} {self.advice}".strip()
        parts = [part.screen_reader_text for part in self.parts]
        warnings = [note.title for note in self.notes if note.level == "warn"]
        return ". ".join([", ".join(parts), *warnings])


def analyse_reference(text: str, use: str = "pull") -> ReferenceAnalysis:
    """Analyse the text that a person has typed so far. Never raises."""
    text = text.strip()
    # It is a parameter of the address, so it can be any text.
    use = use if use in USES else "pull"
    if not text:
        return ReferenceAnalysis(use)
    try:
        reference = Reference.parse(text)
    except OciError as exc:
        error = describe(exc)
        return ReferenceAnalysis(
            use, _guessed_parts(text), message=error.sentence, advice=error.advice
        )
    return ReferenceAnalysis(use, _parts_of(reference), reference)


def _parts_of(reference: Reference) -> tuple[Part, ...]:
    implied = reference.implied
    namespace, _slash, name = reference.repository.rpartition("/")
    parts = [Part("registry", reference.registry, "registry" in implied, separator="/")]
    if namespace:
        parts.append(Part("namespace", namespace, "namespace" in implied, separator="/"))
    parts.append(Part("repository", name))
    if reference.tag:
        parts.append(Part("tag", reference.tag, "tag" in implied))
    if reference.digest:
        parts.append(Part("digest", str(reference.digest)))
    return _separated(parts)


def _separated(parts: Sequence[Part]) -> tuple[Part, ...]:
    """Return the parts with their separators: a colon before a tag, an at sign before a digest."""
    marks = {"tag": ":", "digest": "@"}
    separators = [*(marks.get(part.kind, "/") for part in parts[1:]), ""]
    return tuple(
        replace(part, separator=separator)
        for part, separator in zip(parts, separators, strict=True)
    )


def _guessed_parts(text: str) -> tuple[Part, ...]:
    """Return the likely parts of an invalid reference, with the invalid ones marked."""
    # A pasted address has a scheme, which a reference never has.
    rest = text[:_SHOWN_CHARACTERS].rpartition("://")[2]
    rest, at, digest = rest.partition("@")

    # A colon after the last slash begins a tag; one before it belongs to the host's port.
    name, tag = rest, None
    if rest.rfind(":") > rest.rfind("/"):
        name, _colon, tag = rest.rpartition(":")

    # The grammar of Docker: a first component with a dot or a colon, or localhost, is a host.
    first, slash, path = name.partition("/")
    registry = first if slash and ("." in first or ":" in first or first == "localhost") else None
    namespace, _slash, repository = (path if registry is not None else name).rpartition("/")
    parts = [
        _guessed("registry", registry, normalise_host),
        _guessed("namespace", namespace or None, check_repository),
        _guessed("repository", repository, check_repository),
        _guessed("tag", tag, check_tag),
        _guessed("digest", digest if at else None, Digest.parse),
    ]
    return _separated([part for part in parts if part is not None])


def _guessed(kind: str, text: str | None, check: Callable[[str], object]) -> Part | None:
    if text is None:
        return None
    try:
        check(text)
    except OciError:
        return Part(kind, _shortened(text) or "?", wrong=True)
    return Part(kind, _shortened(text))


def _shortened(text: str) -> str:
    return text if len(text) <= _PART_CHARACTERS else f"{text[: _PART_CHARACTERS - 1]}…"


def _namespace_note(reference: Reference, use: str) -> Note | None:
    provider = provider_for_host(reference.registry)
    if use != "push" or not provider.is_reserved(reference.repository):
        return None

    name = reference.repository.rpartition("/")[2]
    return Note(
        "warn",
        str(provider.reserved_message),
        _("Write your account's name before it: johndoe/%(name)s.") % {"name": name},
    )


def _tag_note(reference: Reference, use: str) -> Note | None:
    if reference.digest is not None:
        return _digest_note(reference)
    if reference.tag == DEFAULT_TAG:
        return _latest_note("tag" in reference.implied, use)

    tag = parse_tag(reference.tag or "")
    if tag.movement is Movement.PINNED or (use != "pull" and tag.movement is Movement.UNKNOWN):
        return None
    if use == "pull":
        return Note("info", _(describe_risk(tag)))

    return Note(
        "info",
        _(
            "This name moves: give the image its full version too, so that there is something to "
            "go back to."
        ),
    )


def _digest_note(reference: Reference) -> Note:
    if reference.tag:
        return Note(
            "info",
            _("The digest decides which image it is; the tag beside it only informs the reader."),
        )
    return Note("info", _("A digest names exactly one image, for ever."))


def _latest_note(implied: bool, use: str) -> Note:
    title = (
        _("No tag is written, so it means latest.")
        if implied
        else _("latest says nothing about the version.")
    )
    if use == "push":
        return Note(
            "warn",
            title,
            _(
                "Nobody can tell later which version this was, and the next push takes the name "
                "away. Add a version, such as :1.0.0."
            ),
        )
    if use == "tag":
        return Note(
            "info", title, _("A version, such as :1.0.0, tells this image from the next one.")
        )

    return Note(
        "info",
        title,
        _(
            "It moves with each release: good for trying something out; for production write a "
            "version."
        ),
    )
