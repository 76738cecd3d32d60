"""How states look: each word has its icon and its colour, the same on every page."""

from typing import NamedTuple


class Look(NamedTuple):
    tone: str
    icon: str


_OK = Look("ok", "circle-check")
_ERROR = Look("error", "circle-x")
_RUNNING = Look("info", "loader-2")
_WAITING = Look("muted", "clock")
_WARNING = Look("warn", "alert-triangle")
_UNKNOWN = Look("muted", "help-circle")

_LOOKS = {
    "queued": _WAITING,
    "waiting": _WAITING,
    "running": _RUNNING,
    "moving": _RUNNING,
    "unpacking": _RUNNING,
    "resolving": _RUNNING,
    "finishing": _RUNNING,
    "paused": Look("warn", "player-pause"),
    "succeeded": _OK,
    "done": _OK,
    "healthy": _OK,
    "verified": _OK,
    "ok": _OK,
    "exists": Look("muted", "circle-check"),
    "mounted": Look("ok", "link"),
    "failed": _ERROR,
    "failing": _ERROR,
    "error": _ERROR,
    "cancelled": Look("muted", "ban"),
    "revoked": Look("muted", "ban"),
    "refused": Look("warn", "lock"),
    "expired": Look("warn", "clock-x"),
    "expiring": Look("warn", "clock-exclamation"),
    "warn": _WARNING,
    "warning": _WARNING,
    "info": Look("info", "info-circle"),
}


def look_of(state: str) -> Look:
    return _LOOKS.get(str(state), _UNKNOWN)
