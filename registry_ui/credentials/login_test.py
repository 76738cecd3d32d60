"""Test logins at a registry."""

from django.utils.translation import gettext as _

from registry_ui.accounts.audit.log import record
from registry_ui.accounts.models import Action, Outcome
from registry_ui.egress import egress_policy
from registry_ui.oci.client import BasicCredential, Limits, RegistryClient
from registry_ui.oci.errors import (
    ConnectionFailed,
    EgressRefused,
    NotARegistry,
    OciError,
    RateLimited,
    ServerFailed,
)
from registry_ui.registries.models import Health, Registry

from .clients import endpoint_of, login_source, reveal
from .models import Credential

# A person waits for the answer.
CHECK_LIMITS = Limits(connect=8.0, read=15.0)


def check_login(credential: Credential) -> str:
    """Log in with a stored credential and record the result.

    Returns:
        A sentence that begins with “Login succeeded”.

    Raises:
        OciError: the registry refuses it, does not answer, or the secret cannot be read.
    """
    try:
        sentence = log_in(credential.registry, reveal(credential))
    except OciError as exc:
        # An outage of the registry must not mark a good credential as refused.
        if not is_unreachable(exc):
            credential.mark_refused(exc.stored())
        record(
            Action.CREDENTIAL_TESTED,
            obj=credential,
            outcome=Outcome.FAILED,
            host=credential.registry.host,
            error=exc.stored(),
        )
        raise

    credential.mark_verified()
    record(Action.CREDENTIAL_TESTED, obj=credential, host=credential.registry.host)
    return sentence


def log_in(registry: Registry, login: BasicCredential) -> str:
    """Log in at a registry and update the registry's health. Returns a sentence.

    Raises:
        OciError
    """
    try:
        with RegistryClient(
            endpoint_of(registry),
            login_source(registry, login, limits=CHECK_LIMITS),
            egress=egress_policy(),
            limits=CHECK_LIMITS,
        ) as client:
            kind = client.login()
    except OciError as exc:
        # A registry that limits requests does answer, so it stays healthy.
        if is_unreachable(exc) and not isinstance(exc, RateLimited) and not registry._state.adding:
            registry.mark_health(Health.FAILING, exc.stored())
        raise

    if registry.health == Health.FAILING and not registry._state.adding:
        registry.mark_health(Health.HEALTHY)

    parameters = {"user": login.username, "host": registry.host}
    # A registry without authentication accepts every login, so the test proves nothing.
    if kind == "none":
        return (
            _("Login succeeded, but %(host)s asks for no login: any username and secret would do.")
            % parameters
        )
    if login.is_identity_token:
        return _("Login succeeded at %(host)s with the identity token.") % parameters
    return _("Login succeeded at %(host)s as %(user)s.") % parameters


def is_unreachable(exc: OciError) -> bool:
    """Return whether the error is about the registry or network, not about the credential."""
    # EgressRefused is a ConnectionFailed, but it says that the host may not be contacted at all.
    return isinstance(
        exc, ConnectionFailed | ServerFailed | NotARegistry | RateLimited
    ) and not isinstance(exc, EgressRefused)
