"""The trail: who did what to what, when, from where, with which credential. Append-only, and chained.

`record` inserts in the caller's transaction: what is rolled back was not done, and leaves no event.
"""

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Model

from registry_ui.web.logs import escape_control_characters

from .models import Action, ActorKind, AuditEvent, Outcome, Team, User


@dataclass(frozen=True, slots=True)
class Origin:
    """From where something is done: a request sets it, and so does a worker for whom it works."""

    kind: ActorKind = ActorKind.COMMAND_LINE
    user: User | None = None
    name: str = ""
    address: str | None = None
    token_name: str = ""


_HERE = Origin()
_origin: ContextVar[Origin] = ContextVar("origin", default=_HERE)


def current_origin() -> Origin:
    return _origin.get()


@contextlib.contextmanager
def acting(origin: Origin) -> Iterator[None]:
    """Everything recorded within is done from there."""
    token = _origin.set(origin)
    try:
        yield
    finally:
        _origin.reset(token)


def become(user: User) -> None:
    """From here on to the end of `acting`, it is this person who acts."""
    _origin.set(replace(current_origin(), kind=ActorKind.PERSON, user=user))


def record(
    action: Action,
    *,
    user: User | None = None,
    team: Team | None = None,
    obj: Model | None = None,
    name: str = "",
    credential: Any = None,
    outcome: Outcome = Outcome.DONE,
    **details: str | int | bool | list[str] | None,
) -> AuditEvent:
    """Add an event.

    Args:
        user: who did it, where that is not the origin's person.
        team: whose trail shows it; `obj.team` where it is not given and there is one.
        obj: what it was done to, as it is or was; its key and `str()` are kept, or `name`.
        credential: with which it was done.
        details: few words and numbers, never a secret.
    """
    origin = current_origin()
    person = user or origin.user
    team = team or getattr(obj, "team", None)
    kind = ActorKind.PERSON if user is not None and origin.kind != ActorKind.TOKEN else origin.kind
    return AuditEvent.objects.create(
        action=action,
        outcome=outcome,
        actor_kind=kind,
        actor_key=str(person.pk) if person else "",
        actor_name=escape_control_characters(person.get_username() if person else origin.name)[
            :150
        ],
        token_name=escape_control_characters(origin.token_name)[:120],
        address=origin.address,
        team_key=team.pk if team else None,
        team_name=team.name if team else "",
        object_kind=str(obj._meta.model_name)[:20] if obj is not None else "",
        object_key=str(obj.pk) if obj is not None else "",
        object_name=escape_control_characters(name or (str(obj) if obj is not None else ""))[:300],
        credential_key=str(credential.pk) if credential is not None else "",
        credential_name=escape_control_characters(str(credential))[:360]
        if credential is not None
        else "",
        details={key: _one_line(value) for key, value in details.items() if value is not None},
    )


def _one_line(value: Any) -> Any:
    """What people typed cannot break a line of an export, nor colour a terminal."""
    if isinstance(value, list):
        return [_one_line(each) for each in value]
    return escape_control_characters(value) if isinstance(value, str) else value
