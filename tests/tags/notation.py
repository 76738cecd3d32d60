"""The compact notation of the corpus: movement, then letter:text(/release) of each piece."""

from registry_ui.tags import Movement, Role, Tag

MOVEMENTS = {Movement.FLOATING: "~", Movement.PINNED: "=", Movement.UNKNOWN: "?"}
LETTERS = {
    Role.VERSION: "v",
    Role.PRERELEASE: "p",
    Role.CHANNEL: "c",
    Role.SYSTEM: "s",
    Role.VARIANT: "x",
    Role.ARCHITECTURE: "a",
    Role.BUILD: "b",
    Role.DATE: "d",
    Role.COMMIT: "k",
    Role.DIGEST: "h",
    Role.WORD: "w",
}


def notation(tag: Tag) -> str:
    return " ".join([MOVEMENTS[tag.movement], *(_piece(piece) for piece in tag.pieces)])


def _piece(piece) -> str:
    release = f"/{piece.release}" if piece.release else ""
    if piece.role is Role.SYSTEM and piece.suffix.family:
        return f"s:{piece.suffix.family}{release}"
    if piece.role is Role.ARCHITECTURE:
        return f"a:{piece.release or piece.name}"
    if piece.role is Role.PRERELEASE:
        return f"p:{piece.name}{release}"
    if piece.role not in (Role.VARIANT, Role.COMMIT):
        release = ""
    return f"{LETTERS[piece.role]}:{piece.text.lower()}{release}"
