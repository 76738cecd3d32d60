"""What a person sets for themselves."""

from allauth.account.models import EmailAddress
from django.db import transaction

from ..models import Action, User
from ..trail import record

PREFERENCES = ("first_name", "email", "language", "time_zone", "theme", "density", "landing")


@transaction.atomic
def change_preferences(*, user: User, values: dict[str, str]) -> None:
    """How it looks, where it begins, name and e-mail address; a changed address replaces every one that could reset the password."""
    fields = list(PREFERENCES)
    changed = [field for field in fields if getattr(user, field) != values[field]]
    for field in fields:
        setattr(user, field, values[field])
    user.save(update_fields=fields)
    if changed:
        record(Action.PREFERENCES_CHANGED, user=user, changed=changed)
    EmailAddress.objects.filter(user=user).exclude(email__iexact=user.email).delete()
