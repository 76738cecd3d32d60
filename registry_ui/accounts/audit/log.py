"""The audit log: actor, action, object, time, address and credential of each event.

`record` inserts in the caller's transaction, so an action that is rolled back leaves no event.
"""

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Model

from registry_ui.oci.errors import StoredError
from registry_ui.web.logs import escape_control_characters

from ..models import Action, ActorKind, AuditEvent, Outcome, Team, User


@dataclass(frozen=True, slots=True)
class Origin:
    """The actor and the address of the following actions; a request or a job sets it."""

    kind: ActorKind = ActorKind.COMMAND_LINE
    user: User | None = None
    name: str = ""
    address: str | None = None
    token_name: str = ""


# The default, for code that runs in neither a request nor a job.
_COMMAND_LINE = Origin()
# A context variable keeps requests that run at the same time apart.
_origin: ContextVar[Origin] = ContextVar("origin", default=_COMMAND_LINE)


def current_origin() -> Origin:
    return _origin.get()


@contextlib.contextmanager
def acting_as(origin: Origin) -> Iterator[None]:
    """Record everything within the block with this origin."""
    token = _origin.set(origin)
    try:
        yield
    finally:
        _origin.reset(token)


def set_actor(user: User) -> None:
    """Record everything up to the end of the enclosing `acting_as` with this person."""
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
    **details: str | int | bool | list[str] | StoredError | None,
) -> AuditEvent:
    """Add an event.

    Args:
        user: the actor, where it is not the origin's person.
        team: the team whose members may see the event; `obj.team` by default.
        obj: the object; its key and its `str()`, or `name`, are stored.
        credential: the credential that was used.
        details: a few short values, never a secret.
    """
    origin = current_origin()
    person = user or origin.user
    team = team or getattr(obj, "team", None)
    actor_name = person.get_username() if person else origin.name

    # The action of a token stays one, also where the caller names the token's owner.
    kind = ActorKind.PERSON if user is not None and origin.kind != ActorKind.TOKEN else origin.kind

    # Names and keys are copied as text: later renames and removals must not change an event.
    return AuditEvent.objects.create(
        action=action,
        outcome=outcome,
        actor_kind=kind,
        actor_key=str(person.pk) if person else "",
        # Cut to the widths of the columns: PostgreSQL refuses longer text, and with it the action.
        actor_name=escape_control_characters(actor_name)[:150],
        token_name=escape_control_characters(origin.token_name)[:120],
        address=origin.address,
        team_key=team.pk if team else None,
        team_name=team.name if team else "",
        object_kind=str(obj._meta.model_name)[:20] if obj is not None else "",
        object_key=str(obj.pk) if obj is not None else "",
        object_name=escape_control_characters(name or _name(obj))[:300],
        credential_key=str(credential.pk) if credential is not None else "",
        credential_name=escape_control_characters(_name(credential))[:360],
        details={key: _one_line(value) for key, value in details.items() if value is not None},
    )


def _name(obj: Any) -> str:
    return str(obj) if obj is not None else ""


def _one_line(value: Any) -> Any:
    """Escape control characters, so that input cannot break an export's lines or a terminal."""
    if isinstance(value, list):
        return [_one_line(item) for item in value]
    return escape_control_characters(value) if isinstance(value, str) else value
