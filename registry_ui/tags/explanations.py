"""Explanations of tags, as untranslated texts; the page translates them."""

from dataclasses import dataclass

from .suffix import Role, Suffix
from .suffix import mark as _
from .tag import Kind, Movement, Piece, Tag

ROLE_LABELS = {
    Role.VERSION: _("version"),
    Role.PRERELEASE: _("pre-release"),
    Role.CHANNEL: _("moving name"),
    Role.SYSTEM: _("operating system"),
    Role.VARIANT: _("variant"),
    Role.ARCHITECTURE: _("architecture"),
    Role.BUILD: _("build"),
    Role.DATE: _("date"),
    Role.COMMIT: _("commit"),
    Role.DIGEST: _("digest-like"),
    Role.WORD: _("other word"),
}

UNKNOWN_MEANING = _("A word of this image's makers; its page says what it means.")
PRERELEASE_MEANING = _("The release that is being made; what stands behind it says how near it is.")


@dataclass(frozen=True, slots=True)
class Explanation:
    """One part of a tag with its explanation. `name` is its `Suffix`; empty if it has none."""

    part: str
    role: Role
    meaning: str
    use_case: str = ""
    drawback: str = ""
    name: str = ""

    @property
    def label(self) -> str:
        return ROLE_LABELS[self.role]


def explain_tag(tag: Tag) -> list[Explanation]:
    """Return one explanation per piece, in the order of the text."""
    return [_explain(piece, piece.suffix, tag) for piece in tag.pieces]


def _explain(piece: Piece, suffix: Suffix | None, tag: Tag) -> Explanation:
    # A word of the publisher, or a piece that the table does not describe.
    if suffix is None:
        return Explanation(piece.text, piece.role, UNKNOWN_MEANING)
    # 1.27.0-rc1 is no release in full, as FULL_VERSION's text would say.
    if piece.role is Role.VERSION and tag.prerelease is not None:
        return Explanation(piece.text, piece.role, PRERELEASE_MEANING)
    return Explanation(
        piece.text, piece.role, suffix.meaning, suffix.use_case, suffix.drawback, suffix.name
    )


def describe_risk(tag: Tag) -> str:
    """Return the risk of a tag that moves or may move; empty if it is pinned by convention."""
    if tag.movement is Movement.PINNED:
        return ""
    if tag.movement is Movement.UNKNOWN:
        return _(
            "It does not say which version it is, nor whether it moves: that is up to whoever "
            "publishes it."
        )
    if tag.text == "latest":
        return _(
            "It names another image after each release: two pulls may differ, and nobody can tell "
            "later what ran."
        )
    if tag.is_prerelease:
        return _("It moves, and what it moves to is not released yet.")
    if tag.kind is Kind.VERSION:
        return _("It moves to each newer release of its line; two pulls may differ.")
    if tag.kind is Kind.FLAVOUR:
        return _("It has no version: it is latest in another variant, and moves as latest does.")

    return _("It moves to each newer release; two pulls may differ.")
