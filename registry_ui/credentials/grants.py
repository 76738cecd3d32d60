"""Creation, change and revocation of credential grants."""

from datetime import datetime
from typing import TypedDict

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from registry_ui.accounts.audit.log import record
from registry_ui.accounts.models import Action, Role, Team, User
from registry_ui.accounts.permissions import check_role
from registry_ui.registries.index_schedule import schedule_index
from registry_ui.registries.models import Registry

from .dependents import stop_dependents
from .models import Credential, CredentialGrant
from .usage import recording_by_name_only


class GrantTerms(TypedDict):
    """The scope and expiry of a grant. A form has checked that the credential allows as much."""

    can_push: bool
    repository_pattern: str
    expires_at: datetime | None


@transaction.atomic
def share_credential(
    *, credential: Credential, team: Team, user: User | None, terms: GrantTerms
) -> CredentialGrant:
    """Share a credential with another team.

    Raises:
        PermissionDenied: the user is no admin of the credential's team.
        ValidationError: it is shared with the team already.
    """
    check_role(credential.team, user, Role.ADMIN)
    if team.pk == credential.team_id:
        raise ValidationError(_("The team %(team)s owns it.") % {"team": team})
    grant = CredentialGrant(credential=credential, team=team, created_by=user, **terms)
    try:
        # A savepoint: without it, PostgreSQL refuses further queries after the IntegrityError.
        with transaction.atomic():
            grant.save(force_insert=True)
    except IntegrityError as exc:
        raise ValidationError(
            {"team": _("It is shared with %(team)s already: change that share.") % {"team": team}}
        ) from exc
    _record_event(Action.GRANT_CREATED, grant, user)

    # The team can index more repositories with the new credential.
    for registry in Registry.objects.filter(team=team, host=credential.registry.host):
        schedule_index(registry)
    return grant


@transaction.atomic
def change_grant(
    *, grant: CredentialGrant, user: User | None, terms: GrantTerms
) -> CredentialGrant:
    """Change the terms of a grant. Jobs that run already are not stopped.

    Raises:
        PermissionDenied
        ValidationError: it was revoked meanwhile.
    """
    check_role(grant.credential.team, user, Role.ADMIN)
    locked = (
        CredentialGrant.objects.select_for_update(of=("self",))
        .filter(pk=grant.pk, revoked_at=None)
        .first()
    )
    if locked is None:
        raise ValidationError(
            _("The credential was taken back from %(team)s meanwhile.") % {"team": grant.team}
        )

    former_terms = _terms_text(locked)
    locked.can_push = terms["can_push"]
    locked.repository_pattern = terms["repository_pattern"]
    locked.expires_at = terms["expires_at"]
    locked.save(update_fields=["can_push", "repository_pattern", "expires_at"])
    _record_event(Action.GRANT_CHANGED, locked, user, was=former_terms)
    return locked


def revoke_grant(*, grant: CredentialGrant, user: User | None) -> int:
    """Revoke a grant and stop the jobs that wait or run with it.

    Returns:
        How many jobs were stopped.

    Raises:
        PermissionDenied
    """
    check_role(grant.credential.team, user, Role.ADMIN)
    with transaction.atomic():
        # Of two requests at once, only one records the event.
        if not CredentialGrant.objects.filter(pk=grant.pk, revoked_at=None).update(
            revoked_at=timezone.now()
        ):
            return 0
        _record_event(Action.GRANT_REVOKED, grant, user)

    # After the commit: a job that starts from now on finds the grant revoked and fails by itself.
    return stop_dependents(grant.credential, grant.team, by=user)


def _record_event(
    action: Action, grant: CredentialGrant, user: User | None, was: str | None = None
) -> None:
    """Record an event in the audit logs of both teams."""

    def record_for(team: Team) -> None:
        record(
            action,
            user=user,
            team=team,
            obj=grant,
            credential=grant.credential,
            with_team=grant.team.name,
            terms=_terms_text(grant),
            was=was,
        )

    # The other team's log gets the event too, but without the address and token of the user.
    record_for(grant.credential.team)
    with recording_by_name_only(user):
        record_for(grant.team)


def _terms_text(grant: CredentialGrant) -> str:
    """Return the terms for the audit log: “pull of shop/* until 2026-12-31T12:00+00:00”."""
    text = "pull, push" if grant.can_push else "pull"
    if grant.repository_pattern:
        text += f" of {grant.repository_pattern}"
    if grant.expires_at:
        text += f" until {grant.expires_at.isoformat(timespec='minutes')}"
    return text
