"""Memberships: adding people to a team, changing their roles, removing them.

Each change locks the team's row first, so that two concurrent changes cannot leave a team without
an admin.
"""

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from ..audit.log import record
from ..models import Action, Invitation, Membership, Role, Team, User
from ..offboarding import OffboardingResult, offboard
from ..permissions import check_role
from ..tokens.service import revoke_tokens_of
from .refusals import LastAdmin, Refused


@transaction.atomic
def add_member(*, team: Team, user: User, role: Role, by: User | None) -> Membership:
    """Add a person to a team.

    Raises:
        Refused: the person is in the team already, or the account is deactivated.
        PermissionDenied: `by` is no admin of the team.
    """
    team = locked(team)
    check_role(team, by, Role.ADMIN)
    if not user.is_active:
        raise Refused(
            _("The account of %(name)s is deactivated. Activate it first.")
            % {"name": user.get_username()}
        )

    membership, created = Membership.objects.get_or_create(
        team=team, user=user, defaults={"role": role}
    )
    if not created:
        raise Refused(
            _("%(name)s is in the team %(team)s already.")
            % {"name": user.get_username(), "team": team.name}
        )
    record(Action.MEMBER_ADDED, user=by, team=team, obj=user, role=str(role))
    return membership


@transaction.atomic
def change_role(*, membership: Membership, role: Role, by: User | None) -> Membership:
    """Change a member's role. From then on, single sign-on no longer changes the membership.

    Raises:
        LastAdmin, Refused, PermissionDenied
    """
    team = locked(membership.team)
    check_role(team, by, Role.ADMIN)
    # Read again under the lock: the caller's object may have a former role.
    membership = _current(membership)

    previous = Role(membership.role)
    if previous == role:
        return membership
    if previous == Role.ADMIN:
        _refuse_last_admin(membership)
        revoke_invitations_of(membership.user, team, by=by)

    # A role that a person has set is no longer single sign-on's to change.
    membership.role, membership.is_from_sso = role, False
    membership.save(update_fields=["role", "is_from_sso"])
    record(
        Action.MEMBER_CHANGED,
        user=by,
        team=team,
        obj=membership.user,
        role=str(role),
        was=str(previous),
    )
    return membership


@transaction.atomic
def remove_member(
    *, membership: Membership, by: User | None, successor: User | None = None
) -> OffboardingResult:
    """Remove a person from a team; people may also remove themselves.

    Their tokens for the team are revoked.

    Args:
        successor: the person who takes over the active jobs. Jobs that they may not start, and all
            jobs without a successor, are cancelled.

    Raises:
        LastAdmin, Refused, PermissionDenied
    """
    team = locked(membership.team)
    membership = _current(membership)
    person = membership.user

    if by is None or by.pk != person.pk:
        check_role(team, by, Role.ADMIN)
    elif successor is not None:
        raise PermissionDenied(_("Nobody hands their own work to somebody else: an admin does."))
    if membership.role == Role.ADMIN:
        _refuse_last_admin(membership)

    revoke_invitations_of(person, team, by=by)
    membership.delete()
    revoke_tokens_of(person, team)
    result = offboard(person, team, by=by, successor=successor)
    record(
        Action.MEMBER_REMOVED,
        user=by,
        team=team,
        obj=person,
        ended=result.ended,
        handed_over=result.handed_over,
    )
    return result


def locked(team: Team) -> Team:
    """Lock the team's row and return the current state.

    Changes of the same team's members wait here for each other. SQLite has locked the whole
    database already (transaction_mode IMMEDIATE).

    Raises:
        Refused: the team was removed.
    """
    current = Team.objects.select_for_update().filter(pk=team.pk).first()
    if current is None:
        raise Refused(_("This team was removed."))
    return current


def revoke_invitations_of(person: User, team: Team | None, *, by: User | None) -> None:
    """Revoke the open invitations that a former admin created.

    With one of them, the person could join again.
    """
    invitations = Invitation.objects.open().filter(created_by=person).select_related("team")
    if team is not None:
        invitations = invitations.filter(team=team)
    for invitation in invitations:
        # One by one, for an event each; and one that was accepted meanwhile stays so.
        if Invitation.objects.open().filter(pk=invitation.pk).update(revoked_at=timezone.now()):
            record(Action.INVITATION_REVOKED, user=by, obj=invitation)


def _current(membership: Membership) -> Membership:
    current = Membership.objects.select_related("user", "team").filter(pk=membership.pk).first()
    if current is None:
        raise Refused(
            _("%(name)s is in the team no more.") % {"name": membership.user.get_username()}
        )
    return current


def is_last_admin(membership: Membership) -> bool:
    """Return whether this is the team's only admin with an active account."""
    # A deactivated admin cannot act for the team, so they do not count.
    if membership.role != Role.ADMIN or not membership.user.is_active:
        return False
    admins = Membership.objects.filter(
        team=membership.team_id, role=Role.ADMIN, user__is_active=True
    )
    return not admins.exclude(pk=membership.pk).exists()


def _refuse_last_admin(membership: Membership) -> None:
    if is_last_admin(membership):
        params = {"name": membership.user.get_username(), "team": membership.team.name}
        raise LastAdmin(
            _("%(name)s is the last admin of the team %(team)s. Make somebody else an admin first.")
            % params
        )
