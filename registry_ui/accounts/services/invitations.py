"""Links by which people join a team."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from ..links import hash_of, new_token
from ..models import Action, Invitation, Membership, Role, Team, User
from ..trail import record
from .memberships import locked, need_admin
from .refusals import InvitationGone, Refused


@transaction.atomic
def invite(
    *, team: Team, role: Role, email: str, lifetime: timedelta, by: User | None
) -> tuple[Invitation, str]:
    """An invitation and the token of its link, which nobody can read again.

    Raises:
        PermissionDenied: `by` is no admin of the team.
    """
    team = locked(team)
    need_admin(team, by)
    token = new_token()
    invitation = Invitation.objects.create(
        team=team,
        role=role,
        email=email,
        token_hash=hash_of(token),
        created_by=by,
        expires_at=timezone.now() + lifetime,
    )
    record(Action.INVITATION_CREATED, user=by, obj=invitation, role=str(role))
    return invitation, token


@transaction.atomic
def revoke_invitation(*, invitation: Invitation, by: User | None) -> bool:
    """Whether it was open till now.

    Raises:
        PermissionDenied
    """
    need_admin(invitation.team, by)
    ended = Invitation.objects.open().filter(pk=invitation.pk).update(revoked_at=timezone.now())
    if ended:
        record(Action.INVITATION_REVOKED, user=by, obj=invitation)
    return bool(ended)


def open_invitation(token: str) -> Invitation | None:
    """Found by the hash, in one query whatever is wrong with it: neither answer nor time tells a used link from an invented one."""
    found = (
        Invitation.objects.open()
        .select_related("team", "created_by")
        .filter(token_hash=hash_of(token))
        .first()
    )
    return found if found is not None and _still_stands(found) else None


@transaction.atomic
def accept(*, token: str, user: User) -> Membership:
    """Join with an account that there is.

    Raises:
        InvitationGone: somebody else was quicker, or it is not open.
        Refused: the person is in the team already; the link stays good for somebody else.
    """
    invitation = _claimed(token)
    membership, created = Membership.objects.get_or_create(
        team=invitation.team, user=user, defaults={"role": invitation.role}
    )
    if not created:
        raise Refused(_("You are in the team %(team)s already.") % {"team": invitation.team.name})
    Invitation.objects.filter(pk=invitation.pk).update(accepted_by=user)
    record(Action.INVITATION_ACCEPTED, user=user, obj=invitation)
    record(Action.MEMBER_ADDED, user=user, team=invitation.team, obj=user, role=membership.role)
    return membership


@transaction.atomic
def accept_as_new_person(*, token: str, username: str, email: str, password: str) -> Membership:
    """Make an account and join; all or nothing. There is no other way to make one by oneself.

    Raises:
        InvitationGone
        IntegrityError: the name was taken a moment ago.
    """
    if open_invitation(token) is None:
        raise InvitationGone
    user = User.objects.create_user(username, email, password)
    record(Action.PERSON_CREATED, user=user, obj=user)
    return accept(token=token, user=user)


def _claimed(token: str) -> Invitation:
    """Of two at once, one changes the row."""
    found = open_invitation(token)
    if found is None:
        raise InvitationGone
    locked(found.team)
    if not Invitation.objects.open().filter(pk=found.pk).update(accepted_at=timezone.now()):
        raise InvitationGone
    return found


def _still_stands(invitation: Invitation) -> bool:
    """Whoever made it still may invite; None is the command line."""
    return (
        invitation.created_by is None
        or invitation.created_by.role_in(invitation.team) == Role.ADMIN
    )
