"""Badges of states: the icon and colour of each state, the same on every page."""

from typing import NamedTuple


class Badge(NamedTuple):
    tone: str
    icon: str


_OK = Badge("ok", "circle-check")
_ERROR = Badge("error", "circle-x")
_RUNNING = Badge("info", "loader-2")
_WAITING = Badge("muted", "clock")
_WARNING = Badge("warn", "alert-triangle")
_UNKNOWN = Badge("muted", "help-circle")

_BADGES = {
    "queued": _WAITING,
    "waiting": _WAITING,
    "running": _RUNNING,
    "copying": _RUNNING,
    "transferring": _RUNNING,
    "unpacking": _RUNNING,
    "resolving": _RUNNING,
    "finishing": _RUNNING,
    "paused": Badge("warn", "player-pause"),
    "succeeded": _OK,
    "done": _OK,
    "healthy": _OK,
    "verified": _OK,
    "ok": _OK,
    "exists": Badge("muted", "circle-check"),
    "mounted": Badge("ok", "link"),
    "failed": _ERROR,
    "failing": _ERROR,
    "error": _ERROR,
    "cancelled": Badge("muted", "ban"),
    "revoked": Badge("muted", "ban"),
    "refused": Badge("warn", "lock"),
    "expired": Badge("warn", "clock-x"),
    "expiring": Badge("warn", "clock-exclamation"),
    "warn": _WARNING,
    "warning": _WARNING,
    "info": Badge("info", "info-circle"),
}


def badge_for(state: str) -> Badge:
    return _BADGES.get(str(state), _UNKNOWN)
