"""Jobs and mirrors that depend on a credential.

Apps above add how theirs are found and stopped; this app imports none of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from registry_ui.accounts.audit.log import current_origin
from registry_ui.accounts.models import Team, User
from registry_ui.web.extension import Extension

from .models import Credential
from .sharing import find_grant, format_timestamp, revoked_message


@dataclass(frozen=True, slots=True)
class Dependent:
    """A job or mirror that stops when the credential is removed or no longer shared.

    The page at `url` is visible to members of `team` only.
    """

    description: str
    url: str | Promise
    state: str
    team: Team


class DependentSource(Protocol):
    """One kind of dependents. `team` None means: of every team."""

    def find(self, credential: Credential, team: Team | None) -> Sequence[Dependent]: ...

    def stop(self, credential: Credential, team: Team | None, *, by: User | None) -> int: ...


DEPENDENT_SOURCES: Extension[DependentSource] = Extension()


def find_dependents(credential: Credential, team: Team | None = None) -> list[Dependent]:
    return [
        dependent for source in DEPENDENT_SOURCES for dependent in source.find(credential, team)
    ]


def stop_dependents(credential: Credential, team: Team | None = None, *, by: User | None) -> int:
    """Stop all dependents and return how many there were."""
    return sum(source.stop(credential, team, by=by) for source in DEPENDENT_SOURCES)


def stop_error(credential: Credential, team: Team | None) -> dict[str, str]:
    """Return the error of the rows of jobs that were stopped."""
    # The grant of a revoked share remains, so the message can name the date.
    if (
        team is not None
        and (grant := find_grant(credential, team)) is not None
        and grant.revoked_at is not None
    ):
        message = revoked_message(grant)
        advice = _(
            "Start it again with another credential, or ask an admin of the team %(owner)s."
        ) % {"owner": credential.team}
    else:
        parameters = {
            "owner": credential.team,
            "label": credential.label,
            "host": credential.registry.host,
        }
        message = _(
            "The team %(owner)s removed the credential “%(label)s” for %(host)s on %(when)s."
        ) % {
            **parameters,
            "when": format_timestamp(timezone.now()),
        }
        advice = _("Start it again with another credential.")
    return {"kind": "CredentialRemoved", "message": message, "advice": advice}


def stop_before_deletion(sender: type[Credential], instance: Credential, **_kwargs: Any) -> None:
    """Stop the dependents of a credential before it is deleted (receiver of `pre_delete`)."""
    # A signal, because a credential is also deleted by the cascade from its registry or its team.
    stop_dependents(instance, by=current_origin().user)
