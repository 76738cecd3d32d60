"""Sharing a credential with another team, changing that, and taking it back."""

from datetime import datetime
from typing import TypedDict

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from registry_ui.accounts.models import Action, Role, Team, User
from registry_ui.accounts.trail import record

from .dependents import stop_dependents
from .indexing.scheduling import look_soon
from .models import Credential, CredentialGrant, Registry
from .using import as_others_see


class Terms(TypedDict):
    """For what, and until when; a form has checked that no more is given than the credential may do."""

    can_push: bool
    repository_pattern: str
    until: datetime | None


@transaction.atomic
def share_credential(
    *, credential: Credential, team: Team, user: User | None, terms: Terms
) -> CredentialGrant:
    """
    Raises:
        PermissionDenied: the person is no admin of the credential's team.
        ValidationError: the team has it already.
    """
    _need_admin(credential, user)
    if team.pk == credential.team_id:
        raise ValidationError(_("The team %(team)s owns it.") % {"team": team})
    grant = CredentialGrant(credential=credential, team=team, created_by=user, **terms)
    try:
        with transaction.atomic():
            grant.save(force_insert=True)
    except IntegrityError as exc:
        raise ValidationError(
            {"team": _("It is shared with %(team)s already: change that share.") % {"team": team}}
        ) from exc
    _record(Action.GRANT_CREATED, grant, user)
    for registry in Registry.objects.filter(team=team, host=credential.registry.host):
        look_soon(registry)
    return grant


@transaction.atomic
def change_grant(*, grant: CredentialGrant, user: User | None, terms: Terms) -> CredentialGrant:
    """Whatever starts from now on is held to the new terms; what runs goes on.

    Raises:
        PermissionDenied
        ValidationError: somebody has taken it back meanwhile.
    """
    _need_admin(grant.credential, user)
    kept = (
        CredentialGrant.objects.select_for_update(of=("self",))
        .filter(pk=grant.pk, revoked_at=None)
        .first()
    )
    if kept is None:
        raise ValidationError(
            _("The credential was taken back from %(team)s meanwhile.") % {"team": grant.team}
        )
    was = _terms(kept)
    kept.can_push, kept.repository_pattern, kept.until = (
        terms["can_push"],
        terms["repository_pattern"],
        terms["until"],
    )
    kept.save(update_fields=["can_push", "repository_pattern", "until"])
    _record(Action.GRANT_CHANGED, kept, user, was=was)
    return kept


def revoke_grant(*, grant: CredentialGrant, user: User | None) -> int:
    """Take it back: nothing starts with it from now on, and what waits or runs with it is stopped.

    Returns:
        How many were stopped.

    Raises:
        PermissionDenied
    """
    _need_admin(grant.credential, user)
    with transaction.atomic():
        if not CredentialGrant.objects.filter(pk=grant.pk, revoked_at=None).update(
            revoked_at=timezone.now()
        ):
            return 0
        _record(Action.GRANT_REVOKED, grant, user)
    # After the commit: what a worker starts in between finds the share gone, so nothing slips through.
    return stop_dependents(grant.credential, grant.team, by=user)


def _need_admin(credential: Credential, user: User | None) -> None:
    if user is None:
        return
    role = user.role_in(credential.team)
    if role is None or not role.allows(Role.ADMIN):
        raise PermissionDenied(
            _("Only admins of the team %(team)s may share its credentials.")
            % {"team": credential.team}
        )


def _record(
    action: Action, grant: CredentialGrant, user: User | None, was: str | None = None
) -> None:
    """In the trail of the team that shares, and in that of the one that it is shared with."""

    def tell(team: Team) -> None:
        terms = _terms(grant)
        record(
            action,
            user=user,
            team=team,
            obj=grant,
            credential=grant.credential,
            with_team=grant.team.name,
            terms=terms,
            was=was,
        )

    tell(grant.credential.team)
    with as_others_see(user):
        tell(grant.team)


def _terms(grant: CredentialGrant) -> str:
    """For the trail: “pull, push of shop/* until 2026-12-31T12:00+00:00”."""
    words = "pull, push" if grant.can_push else "pull"
    if grant.repository_pattern:
        words += f" of {grant.repository_pattern}"
    return f"{words} until {grant.until.isoformat(timespec='minutes')}" if grant.until else words
