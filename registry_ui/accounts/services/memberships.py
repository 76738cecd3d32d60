"""Who is in a team, and as what. Each act locks the team's row first: of two that would leave it without an admin, one is refused."""

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from ..departures import Settled, settle_work
from ..models import Action, Invitation, Membership, Role, Team, User
from ..trail import record
from .refusals import LastAdmin, Refused


@transaction.atomic
def add_member(*, team: Team, user: User, role: Role, by: User | None) -> Membership:
    """
    Raises:
        Refused: they are in the team already, or their account is deactivated.
        PermissionDenied: `by` is no admin of the team.
    """
    team = locked(team)
    need_admin(team, by)
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
    """What is set by hand, single sign-on leaves alone from then on.

    Raises:
        LastAdmin, Refused, PermissionDenied
    """
    team = locked(membership.team)
    need_admin(team, by)
    membership = _current(membership)
    was = Role(membership.role)
    if was == role:
        return membership
    if was == Role.ADMIN:
        _refuse_last_admin(membership)
        end_invitations_of(membership.user, team, by=by)
    membership.role, membership.is_from_sso = role, False
    membership.save(update_fields=["role", "is_from_sso"])
    record(
        Action.MEMBER_CHANGED, user=by, team=team, obj=membership.user, role=str(role), was=str(was)
    )
    return membership


@transaction.atomic
def remove_member(
    *, membership: Membership, by: User | None, successor: User | None = None
) -> Settled:
    """Take somebody out of a team, or leave it oneself. Their tokens for the team die with the row.

    Args:
        successor: who takes over what the person has running there; without one, and where they may not, it is ended.

    Raises:
        LastAdmin, Refused, PermissionDenied
    """
    team = locked(membership.team)
    membership = _current(membership)
    person = membership.user
    if by is None or by.pk != person.pk:
        need_admin(team, by)
    elif successor is not None:
        raise PermissionDenied(_("Nobody hands their own work to somebody else: an admin does."))
    if membership.role == Role.ADMIN:
        _refuse_last_admin(membership)
    end_invitations_of(person, team, by=by)
    membership.delete()
    settled = settle_work(person, team, by=by, successor=successor)
    record(
        Action.MEMBER_REMOVED,
        user=by,
        team=team,
        obj=person,
        ended=settled.ended,
        handed_over=settled.handed_over,
    )
    return settled


def locked(team: Team) -> Team:
    """The team as it is now; whoever changes who is in it waits for whoever did before. SQLite has locked the whole file already.

    Raises:
        Refused: it was removed.
    """
    found = Team.objects.select_for_update().filter(pk=team.pk).first()
    if found is None:
        raise Refused(_("This team was removed."))
    return found


def need_admin(team: Team, by: User | None) -> None:
    """Asked again under the lock: the person may have been demoted a moment ago. The command line, `by` None, may do all.

    Raises:
        PermissionDenied
    """
    if by is None:
        return
    person = User.objects.filter(pk=by.pk).first()
    if person is None or person.role_in(team) != Role.ADMIN:
        raise PermissionDenied(
            _("Only admins of the team %(team)s may do this.") % {"team": team.name}
        )


def end_invitations_of(person: User, team: Team | None, *, by: User | None) -> None:
    """Links that somebody made as an admin end with that: else they would be a way back in."""
    invitations = Invitation.objects.open().filter(created_by=person).select_related("team")
    for invitation in invitations if team is None else invitations.filter(team=team):
        if Invitation.objects.open().filter(pk=invitation.pk).update(revoked_at=timezone.now()):
            record(Action.INVITATION_REVOKED, user=by, obj=invitation)


def _current(membership: Membership) -> Membership:
    found = Membership.objects.select_related("user", "team").filter(pk=membership.pk).first()
    if found is None:
        raise Refused(
            _("%(name)s is in the team no more.") % {"name": membership.user.get_username()}
        )
    return found


def is_last_admin(membership: Membership) -> bool:
    """Whether the team would have no admin without this one; people whose accounts are deactivated administer nothing."""
    if membership.role != Role.ADMIN or not membership.user.is_active:
        return False
    admins = Membership.objects.filter(
        team=membership.team_id, role=Role.ADMIN, user__is_active=True
    )
    return not admins.exclude(pk=membership.pk).exists()


def _refuse_last_admin(membership: Membership) -> None:
    if is_last_admin(membership):
        words = {"name": membership.user.get_username(), "team": membership.team.name}
        raise LastAdmin(
            _("%(name)s is the last admin of the team %(team)s. Make somebody else an admin first.")
            % words
        )
