"""Invitations: one-time links with which people join a team."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from ..audit.log import record
from ..link_tokens import hash_token, new_token
from ..models import Action, Invitation, Membership, Role, Team, User
from ..permissions import check_role
from .memberships import locked
from .refusals import InvitationGone, Refused


@transaction.atomic
def invite(
    *, team: Team, role: Role, email: str, lifetime: timedelta, by: User | None
) -> tuple[Invitation, str]:
    """Create an invitation and return it with the token of its link, which is not stored.

    Raises:
        PermissionDenied: `by` is no admin of the team.
    """
    # Under the lock, a former admin cannot create a link that revoke_invitations_of misses.
    team = locked(team)
    check_role(team, by, Role.ADMIN)

    token = new_token()
    invitation = Invitation.objects.create(
        team=team,
        role=role,
        email=email,
        token_hash=hash_token(token),
        created_by=by,
        expires_at=timezone.now() + lifetime,
    )
    record(Action.INVITATION_CREATED, user=by, obj=invitation, role=str(role))
    return invitation, token


@transaction.atomic
def revoke_invitation(*, invitation: Invitation, by: User | None) -> bool:
    """Revoke the invitation and return whether it was open before.

    Raises:
        PermissionDenied
    """
    check_role(invitation.team, by, Role.ADMIN)

    rows = Invitation.objects.open().filter(pk=invitation.pk)
    # Conditional: an invitation that was accepted meanwhile stays accepted.
    revoked = rows.update(revoked_at=timezone.now())
    if revoked:
        record(Action.INVITATION_REVOKED, user=by, obj=invitation)
    return bool(revoked)


def open_invitation(token: str) -> Invitation | None:
    """Return the open invitation with this token.

    One query by the hash answers for every kind of invalid link, so neither the answer nor its time
    tells a used link from an invented one.
    """
    invitation = (
        Invitation.objects.open()
        .select_related("team", "created_by")
        .filter(token_hash=hash_token(token))
        .first()
    )
    # At each use: the person who invited may have lost the role since.
    if invitation is None or not _inviter_is_admin(invitation):
        return None
    return invitation


@transaction.atomic
def accept(*, token: str, user: User) -> Membership:
    """Join a team with an existing account.

    Raises:
        InvitationGone: the invitation is not open, or another request has accepted it.
        Refused: the person is in the team already; the link stays valid.
    """
    invitation = _claim(token)
    membership, created = Membership.objects.get_or_create(
        team=invitation.team, user=user, defaults={"role": invitation.role}
    )
    # The exception rolls the claim back, so somebody else can still use the link.
    if not created:
        raise Refused(_("You are in the team %(team)s already.") % {"team": invitation.team.name})

    Invitation.objects.filter(pk=invitation.pk).update(accepted_by=user)
    record(Action.INVITATION_ACCEPTED, user=user, obj=invitation)
    record(Action.MEMBER_ADDED, user=user, team=invitation.team, obj=user, role=membership.role)
    return membership


@transaction.atomic
def accept_as_new_person(*, token: str, username: str, email: str, password: str) -> Membership:
    """Create an account and join a team, in one transaction.

    Raises:
        InvitationGone
        IntegrityError: another request has just taken the name.
    """
    # Before the account: with a wrong link, nobody learns whether a name is taken.
    if open_invitation(token) is None:
        raise InvitationGone

    user = User.objects.create_user(username, email, password)
    record(Action.PERSON_CREATED, user=user, obj=user)
    return accept(token=token, user=user)


def _claim(token: str) -> Invitation:
    invitation = open_invitation(token)
    if invitation is None:
        raise InvitationGone

    # Of two concurrent requests, only one changes the row.
    locked(invitation.team)
    rows = Invitation.objects.open().filter(pk=invitation.pk)
    if not rows.update(accepted_at=timezone.now()):
        raise InvitationGone
    return invitation


def _inviter_is_admin(invitation: Invitation) -> bool:
    # None is the command line.
    return (
        invitation.created_by is None
        or invitation.created_by.role_in(invitation.team) == Role.ADMIN
    )
