"""A person's sessions. An ended session is deleted, so its next request is not signed in."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from allauth.usersessions.models import UserSession
from django.utils.translation import gettext as _

from ..audit import log
from ..models import Action, User
from ..requests import TeamRequest
from .devices import device_name, is_mobile


@dataclass(frozen=True, slots=True)
class SessionRow:
    pk: int
    device: str
    is_mobile: bool
    address: str
    started_at: datetime
    seen_at: datetime
    is_current: bool


def sessions_of(request: TeamRequest) -> list[SessionRow]:
    """Return the person's open sessions: the current one first, then the most recently used.

    Expired sessions, and those that a changed password has ended, are deleted and left out.
    """
    sessions = UserSession.objects.purge_and_list(request.user)
    rows = [
        SessionRow(
            session.pk,
            device_name(session.user_agent),
            is_mobile(session.user_agent),
            session.ip,
            session.created_at,
            session.last_seen_at,
            session.session_key == request.session.session_key,
        )
        for session in sessions
    ]
    return sorted(rows, key=lambda row: (not row.is_current, -row.seen_at.timestamp()))


def end(user: User, sessions: Sequence[UserSession]) -> None:
    for session in sessions:
        session.end()
        params = {"device": device_name(session.user_agent), "address": session.ip}
        log.record(Action.SESSION_ENDED, user=user, name=_("%(device)s, %(address)s") % params)
