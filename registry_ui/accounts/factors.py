"""Second factors and passkeys: allauth's, with their secrets encrypted and their names ours."""

from typing import Any

from allauth.core import context
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from . import encryption, trail
from .models import Action, User

# allauth does not say of which row a secret is, so it is bound to the table.
_ROW = "mfa.authenticator"
FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


class FactorAdapter(DefaultMFAAdapter):
    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": gettext_lazy(
            "This did not match. A code is good once and for about a minute; wait for the next one."
        ),
        "cannot_delete_authenticator": gettext_lazy(
            "This installation requires a second factor, and this is your last one. Add another first."
        ),
    }

    def encrypt(self, text: str) -> str:
        return encryption.encrypt(text, _ROW)

    def decrypt(self, encrypted_text: str) -> str:
        """A page instead of the exception: whoever signs in can do nothing about lost keys."""
        try:
            return encryption.decrypt(encrypted_text, _ROW)
        except encryption.DecryptionFailed as exc:
            raise ImmediateHttpResponse(
                render(context.request, "mfa/unreadable.html", status=503)
            ) from exc

    def get_totp_issuer(self) -> str:
        return f"Registry UI {_host()}"

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        return {"id": _host(), "name": "Registry UI"}

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        return (
            not settings.REQUIRE_SECOND_FACTOR
            or factors_of(authenticator.user).exclude(pk=authenticator.pk).exists()
        )

    def generate_authenticator_name(self, user: Any, type: Authenticator.Type) -> str:
        number = Authenticator.objects.filter(user=user, type=type).count() + 1
        return _("Passkey") if number == 1 else _("Passkey %(number)s") % {"number": number}


def _host() -> str:
    return str(context.request.get_host()).rpartition(":")[0] or str(context.request.get_host())


def factors_of(user: User) -> QuerySet[Authenticator]:
    """What proves who the person is beside the password; recovery codes only stand in for it."""
    return Authenticator.objects.filter(user=user, type__in=FACTORS)


def has_second_factor(user: User) -> bool:
    return factors_of(user).exists()


@transaction.atomic
def remove_all(user: User) -> int:
    """Recovery codes too; how many there were."""
    factors = list(Authenticator.objects.filter(user=user))
    for factor in factors:
        factor.delete()
        trail.record(Action.SECOND_FACTOR_REMOVED, obj=user, factor=str(factor.type))
    return len(factors)


def rotate_secrets() -> tuple[int, list[str]]:
    """Encrypt every factor's secret under the newest key: how many were, and whose no key opens."""
    rotated, unreadable = 0, []
    for factor in (
        Authenticator.objects.select_for_update()
        .exclude(type=Authenticator.Type.WEBAUTHN)
        .select_related("user")
    ):
        field = "secret" if factor.type == Authenticator.Type.TOTP else "seed"
        try:
            factor.data[field] = encryption.rotate(factor.data[field])
        except encryption.DecryptionFailed:
            unreadable.append(f"{factor.get_type_display()} ({factor.user.username})")
            continue
        factor.save(update_fields=["data"])
        rotated += 1
    return rotated, unreadable
