"""From a team's rows to a client of its registry: the one place where a stored secret is read."""

from django.conf import settings
from django.utils.translation import gettext as _

from registry_ui.accounts.encryption import DecryptionFailed
from registry_ui.accounts.models import Team
from registry_ui.oci.client import BasicCredential, Endpoint, Limits, RegistryClient
from registry_ui.oci.egress import EgressPolicy
from registry_ui.oci.pacing import OnPause
from registry_ui.oci.reference import Reference
from registry_ui.oci.store import Cancellation

from .choosing import CredentialUnfit, check_belongs, registry_for
from .models import Credential, Registry, Security
from .this_server import is_here, open_this_server
from .using import Use, note_use


def egress_policy() -> EgressPolicy:
    return EgressPolicy(
        allow_private=settings.EGRESS_ALLOW_PRIVATE,
        allow_loopback=settings.EGRESS_ALLOW_LOOPBACK,
        proxy_url=settings.PROXY_URL or None,
        no_proxy=tuple(settings.NO_PROXY),
    )


def endpoint_of(registry: Registry) -> Endpoint:
    return Endpoint(
        registry.host,
        scheme="http" if registry.security == Security.PLAIN_HTTP else "https",
        ca_pem=registry.ca_certificate if registry.security == Security.OWN_CA else "",
        token_hosts=registry.approved_token_hosts,
    )


def open_client(
    *,
    team: Team,
    reference_or_host: Reference | str,
    credential: Credential | None,
    plain_http: bool = False,
    cancellation: Cancellation | None = None,
    on_pause: OnPause | None = None,
    limits: Limits | None = None,
    use: Use | None = None,
) -> RegistryClient:
    """A client of the registry with exactly this credential, or anonymous without one. Nothing is sent yet. This server needs
    neither: its images are read and named where they lie.

    Args:
        plain_http: for a host that is no registry of the team; a registry's own setting is never overridden.
        use: who logs in, and for what; remembered with the credential.

    Raises:
        CredentialUnfit: the credential is another team's that does not share it, for another host, or has expired.
        DecryptionFailed: its secret cannot be read.
    """
    host = reference_or_host if isinstance(reference_or_host, str) else reference_or_host.registry
    if is_here(host):
        return open_this_server(team, cancellation)
    # A credential is sent only as the team that owns it has set: also where another one, which has no such registry, borrows it.
    registry = credential.registry if credential is not None else registry_for(team, host)
    login = _login_of(credential, team, host, use or Use()) if credential is not None else None
    endpoint = (
        endpoint_of(registry)
        if registry is not None
        else Endpoint(host, scheme="http" if plain_http else "https")
    )
    return RegistryClient(
        endpoint,
        login,
        egress=egress_policy(),
        cancellation=cancellation,
        on_pause=on_pause,
        limits=limits,
    )


def engine_login(
    *, team: Team, reference: Reference, credential: Credential, use: Use
) -> BasicCredential:
    """The login that an engine is given to pull or push with.

    Raises:
        CredentialUnfit: it is another team's, for another host, or has expired.
        DecryptionFailed
    """
    if credential.team_id != team.pk:
        raise CredentialUnfit(
            _(
                "The credential “%(label)s” belongs to the team %(owner)s, and is not handed to an engine."
            )
            % {"label": credential.label, "owner": credential.team},
            advice=_(
                "An engine connects as its own settings say, not as that team has set. Choose a credential of your own team."
            ),
        )
    return _login_of(credential, team, reference.registry, use)


def _login_of(credential: Credential, team: Team, host: str, use: Use) -> BasicCredential:
    check_belongs(credential, team, host)
    if credential.is_expired:
        raise CredentialUnfit(
            _("The credential “%(label)s” has expired.") % {"label": credential.label},
            advice=_("Enter a new secret and a new expiry for it."),
        )
    login = reveal(credential)
    note_use(credential, team, use)
    return login


def reveal(credential: Credential) -> BasicCredential:
    """
    Raises:
        DecryptionFailed: naming the credential.
    """
    try:
        return BasicCredential(credential.username, credential.secret.reveal())
    except DecryptionFailed as exc:
        words = {"label": credential.label, "problem": exc.message}
        raise DecryptionFailed(
            _("The secret of the credential “%(label)s” cannot be read. %(problem)s") % words
        ) from exc
