"""Second factors and passkeys: allauth's, with encrypted secrets and own names."""

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

from .. import encryption
from ..audit import log
from ..models import Action, User

# allauth's adapter gets no row with the secret, so a secret is bound to the table alone.
_ROW = "mfa.authenticator"
FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


class FactorAdapter(DefaultMFAAdapter):
    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": gettext_lazy(
            "This did not match. A code is good once and for about a minute; wait for the next one."
        ),
        "cannot_delete_authenticator": gettext_lazy(
            "This installation requires a second factor, and this is your last one. "
            "Add another first."
        ),
    }

    def encrypt(self, text: str) -> str:
        return encryption.encrypt(text, _ROW)

    def decrypt(self, encrypted_text: str) -> str:
        """Decrypt a secret; answer with a page where no key fits.

        The person who signs in cannot repair lost keys: the page names the administrator's task.
        """
        try:
            return encryption.decrypt(encrypted_text, _ROW)
        except encryption.DecryptionFailed as exc:
            raise ImmediateHttpResponse(
                render(context.request, "mfa/unreadable.html", status=503)
            ) from exc

    def get_totp_issuer(self) -> str:
        # An authenticator app shows it: people may have several installations.
        return f"Registry UI {_host()}"

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        # WebAuthn, 5.4.2: a passkey works for this host only.
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
    # The id of a relying party is a domain without a port (WebAuthn, “RP ID”).
    return str(context.request.get_host()).rpartition(":")[0] or str(context.request.get_host())


def factors_of(user: User) -> QuerySet[Authenticator]:
    """Return the person's second factors, without recovery codes, which only replace one."""
    factors: QuerySet[Authenticator] = Authenticator.objects.filter(user=user, type__in=FACTORS)
    return factors


def has_second_factor(user: User) -> bool:
    return factors_of(user).exists()


@transaction.atomic
def remove_all(user: User) -> int:
    """Remove the second factors and recovery codes, and return how many were removed."""
    factors = list(Authenticator.objects.filter(user=user))
    # One by one, so that each removal is an audit event.
    for factor in factors:
        factor.delete()
        log.record(Action.SECOND_FACTOR_REMOVED, obj=user, factor=str(factor.type))
    return len(factors)


def rotate_secrets() -> tuple[int, list[str]]:
    """Encrypt every factor's secret again, with the newest key.

    Returns the number of rotated secrets, and a name of each that no key decrypts.
    """
    rotated, unreadable = 0, []

    # A passkey's row holds a public key, which is not encrypted.
    factors = (
        Authenticator.objects.select_for_update()
        .exclude(type=Authenticator.Type.WEBAUTHN)
        .select_related("user")
    )
    for factor in factors:
        # TOTP stores a secret, recovery codes store the seed that they are derived from.
        field = "secret" if factor.type == Authenticator.Type.TOTP else "seed"
        try:
            factor.data[field] = encryption.rotate(factor.data[field])
        except encryption.DecryptionFailed:
            # One unreadable secret must not keep the others at a former key.
            unreadable.append(f"{factor.get_type_display()} ({factor.user.username})")
            continue
        factor.save(update_fields=["data"])
        rotated += 1
    return rotated, unreadable
