"""Logging in for real, to know that a credential works before it is needed."""

from django.utils.translation import gettext as _

from registry_ui.accounts.models import Action, Outcome
from registry_ui.accounts.trail import record
from registry_ui.oci.client import BasicCredential, Limits, RegistryClient
from registry_ui.oci.errors import (
    ConnectionFailed,
    EgressRefused,
    NotARegistry,
    OciError,
    RateLimited,
    ServerFailed,
)

from .clients import egress_policy, endpoint_of, reveal
from .models import Credential, Health, Registry

# A person waits for the answer.
QUICK = Limits(connect=8.0, read=15.0)


def check_login(credential: Credential) -> str:
    """Log in with a stored credential and remember how that went.

    Returns:
        A sentence that begins with “Login succeeded”.

    Raises:
        OciError: the registry refuses it, does not answer, or the secret cannot be read.
    """
    try:
        sentence = log_in(credential.registry, reveal(credential))
    except OciError as exc:
        if not is_unreachable(exc):
            credential.mark_refused(exc.message)
        record(
            Action.CREDENTIAL_TESTED,
            obj=credential,
            outcome=Outcome.FAILED,
            host=credential.registry.host,
            error=exc.message,
        )
        raise
    credential.mark_verified()
    record(Action.CREDENTIAL_TESTED, obj=credential, host=credential.registry.host)
    return sentence


def log_in(registry: Registry, login: BasicCredential) -> str:
    """Log in at a registry; what that says about the registry's health is kept.

    Raises:
        OciError
    """
    try:
        with RegistryClient(
            endpoint_of(registry), login, egress=egress_policy(), limits=QUICK
        ) as client:
            kind = client.login()
    except OciError as exc:
        if is_unreachable(exc) and not isinstance(exc, RateLimited) and not registry._state.adding:
            registry.mark_health(Health.FAILING, exc.message)
        raise
    if registry.health == Health.FAILING and not registry._state.adding:
        registry.mark_health(Health.HEALTHY)
    words = {"user": login.username, "host": registry.host}
    if kind == "none":
        return (
            _("Login succeeded, but %(host)s asks for no login: any username and secret would do.")
            % words
        )
    if login.is_identity_token:
        return _("Login succeeded at %(host)s with the identity token.") % words
    return _("Login succeeded at %(host)s as %(user)s.") % words


def is_unreachable(exc: OciError) -> bool:
    """Whether a failed login says something about the registry or the network, and nothing about the credential."""
    return isinstance(
        exc, ConnectionFailed | ServerFailed | NotARegistry | RateLimited
    ) and not isinstance(exc, EgressRefused)
