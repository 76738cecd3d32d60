"""Where a person is signed in. A session that is ended is gone from the database: its next request is nobody's."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from allauth.usersessions.models import UserSession
from django.utils.translation import gettext as _

from . import trail
from .devices import device_in_words, is_hand_held
from .models import Action, User
from .requests import TeamRequest


@dataclass(frozen=True, slots=True)
class SessionRow:
    pk: int
    device: str
    is_hand_held: bool
    address: str
    started_at: datetime
    seen_at: datetime
    is_this: bool


def sessions_of(request: TeamRequest) -> list[SessionRow]:
    """This one first, then those that were used last. Those that have died of age, or of a changed password, are left out."""
    living = UserSession.objects.purge_and_list(request.user)
    rows = [
        SessionRow(
            each.pk,
            device_in_words(each.user_agent),
            is_hand_held(each.user_agent),
            each.ip,
            each.created_at,
            each.last_seen_at,
            each.session_key == request.session.session_key,
        )
        for each in living
    ]
    return sorted(rows, key=lambda row: (not row.is_this, -row.seen_at.timestamp()))


def end(user: User, sessions: Sequence[UserSession]) -> None:
    for session in sessions:
        session.end()
        trail.record(
            Action.SESSION_ENDED, user=user, name=_("%(device)s, %(address)s") % _words(session)
        )


def _words(session: UserSession) -> dict[str, str]:
    return {"device": device_in_words(session.user_agent), "address": session.ip}
