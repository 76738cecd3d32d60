"""What a person sets for themselves."""

from allauth.account.models import EmailAddress
from django.db import transaction

from ..models import User


@transaction.atomic
def change_preferences(*, user: User, values: dict[str, str]) -> None:
    """Name, theme, zone and e-mail address; a changed address replaces every one that could reset the password."""
    fields = ["first_name", "email", "theme", "time_zone"]
    for field in fields:
        setattr(user, field, values[field])
    user.save(update_fields=fields)
    EmailAddress.objects.filter(user=user).exclude(email__iexact=user.email).delete()
