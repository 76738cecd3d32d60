"""People of the installation: who may sign in, and who administers it all."""

from allauth.usersessions.models import UserSession
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from ..departures import Settled, settle_work
from ..models import Action, User
from ..trail import record
from .memberships import end_invitations_of
from .refusals import LastAdmin


@transaction.atomic
def deactivate_person(*, person: User, by: User | None, successor: User | None = None) -> Settled:
    """No sign-in, no session, no token, no job in their name from now on. Their memberships stay, for a return.

    Args:
        successor: who takes over what the person has running; without one, and where they may not, it is ended.

    Raises:
        LastAdmin, PermissionDenied
    """
    person = _for_change(person, by)
    if not person.is_active:
        return Settled()
    if person.is_superuser:
        _refuse_last_administrator(person)
    person.is_active = False
    person.sessions_ended += 1
    person.save(update_fields=["is_active", "sessions_ended"])
    UserSession.objects.filter(user=person).delete()
    end_invitations_of(person, None, by=by)
    settled = settle_work(person, by=by, successor=successor)
    record(
        Action.PERSON_DEACTIVATED,
        user=by,
        obj=person,
        ended=settled.ended,
        handed_over=settled.handed_over,
    )
    return settled


@transaction.atomic
def activate_person(*, person: User, by: User | None) -> None:
    """
    Raises:
        PermissionDenied
    """
    person = _for_change(person, by)
    if person.is_active:
        return
    person.is_active = True
    person.save(update_fields=["is_active"])
    record(Action.PERSON_ACTIVATED, user=by, obj=person)


@transaction.atomic
def set_administrator(*, person: User, value: bool, by: User | None) -> None:
    """What is set by hand, single sign-on leaves alone from then on.

    Raises:
        LastAdmin, PermissionDenied
    """
    person = _for_change(person, by)
    if person.is_superuser == value:
        return
    if not value:
        _refuse_last_administrator(person)
    person.is_superuser, person.is_superuser_by_sso = value, False
    person.save(update_fields=["is_superuser", "is_superuser_by_sso"])
    record(Action.PERSON_CHANGED, user=by, obj=person, administrator=value)


def _for_change(person: User, by: User | None) -> User:
    """The row as it is now. Locks all administrators: of two that would leave the installation without one, one is refused."""
    administrators = list(
        User.objects.select_for_update().filter(is_superuser=True, is_active=True).order_by("pk")
    )
    if by is not None and by not in administrators:
        raise PermissionDenied(_("This is for administrators of the installation."))
    return User.objects.select_for_update().get(pk=person.pk)


def _refuse_last_administrator(person: User) -> None:
    others = User.objects.filter(is_superuser=True, is_active=True).exclude(pk=person.pk)
    if person.is_active and not others.exists():
        raise LastAdmin(
            _(
                "%(name)s is the last administrator of the installation. Make somebody else one first."
            )
            % {"name": person.get_username()}
        )
