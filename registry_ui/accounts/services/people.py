"""People of the installation: active accounts and administrators."""

from allauth.usersessions.models import UserSession
from django.db import transaction
from django.utils.translation import gettext as _

from ..audit.log import record
from ..models import Action, User
from ..offboarding import OffboardingResult, offboard
from ..permissions import check_administrator
from ..tokens.service import revoke_tokens_of
from .memberships import revoke_invitations_of
from .refusals import LastAdmin


@transaction.atomic
def deactivate_person(
    *, person: User, by: User | None, successor: User | None = None
) -> OffboardingResult:
    """Deactivate an account: sessions, tokens and active jobs end, the memberships stay.

    Their tokens are revoked.

    Args:
        successor: the person who takes over the active jobs. Jobs that they may not start, and all
            jobs without a successor, are cancelled.

    Raises:
        LastAdmin, PermissionDenied
    """
    person = _for_change(person, by)
    if not person.is_active:
        return OffboardingResult()
    if person.is_superuser:
        _refuse_last_administrator(person)

    person.is_active = False
    person.session_generation += 1
    person.save(update_fields=["is_active", "session_generation"])
    # The sessions themselves are invalid by `session_generation`; this is only their list.
    UserSession.objects.filter(user=person).delete()
    revoke_invitations_of(person, None, by=by)
    revoke_tokens_of(person)
    result = offboard(person, by=by, successor=successor)
    record(
        Action.PERSON_DEACTIVATED,
        user=by,
        obj=person,
        ended=result.ended,
        handed_over=result.handed_over,
    )
    return result


@transaction.atomic
def activate_person(*, person: User, by: User | None) -> None:
    """Activate an account again; revoked tokens stay revoked.

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
    """Make a person an administrator, or no longer. Single sign-on leaves that as it is.

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
    """Lock the person's row and return the current state.

    All administrators are locked too, so that two concurrent changes cannot leave the installation
    without one.
    """
    list(User.objects.select_for_update().filter(is_superuser=True, is_active=True).order_by("pk"))
    # Under the lock, so that a right that was lost after the view's check counts.
    check_administrator(by)
    return User.objects.select_for_update().get(pk=person.pk)


def _refuse_last_administrator(person: User) -> None:
    others = User.objects.filter(is_superuser=True, is_active=True).exclude(pk=person.pk)
    if person.is_active and not others.exists():
        raise LastAdmin(
            _(
                "%(name)s is the last administrator of the installation. "
                "Make somebody else one first."
            )
            % {"name": person.get_username()}
        )
