"""A person's preferences."""

from allauth.account.models import EmailAddress
from django.db import transaction

from ..audit.log import record
from ..models import Action, User

PREFERENCES = ("first_name", "email", "language", "time_zone", "theme", "density", "start_page")


@transaction.atomic
def change_preferences(*, user: User, values: dict[str, str]) -> None:
    """Store a person's preferences.

    A changed e-mail address replaces all addresses that could reset the password.
    """
    fields = list(PREFERENCES)
    changed = [field for field in fields if getattr(user, field) != values[field]]
    for field in fields:
        setattr(user, field, values[field])
    user.save(update_fields=fields)
    if changed:
        record(Action.PREFERENCES_CHANGED, user=user, changed=changed)

    # allauth also sends a password reset to any EmailAddress row of the account.
    EmailAddress.objects.filter(user=user).exclude(email__iexact=user.email).delete()
