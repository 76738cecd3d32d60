"""Clients of a team's registries, with the decrypted secret of the credential that they use."""

from functools import partial

from registry_ui.accounts.encryption import DecryptionFailed
from registry_ui.accounts.models import Team
from registry_ui.egress import egress_policy
from registry_ui.oci.client import BasicCredential, Endpoint, Limits, RegistryClient
from registry_ui.oci.reference import Reference
from registry_ui.oci.registry_login import LoginSource
from registry_ui.oci.retries import OnPause
from registry_ui.oci.store import Cancellation
from registry_ui.providers.endpoints import endpoint_for
from registry_ui.registries.builtin_registry import is_builtin_registry, open_builtin_registry
from registry_ui.registries.models import Registry, Security
from registry_ui.registries.services import find_registry

from .models import Credential
from .selection import check_ownership
from .sharing import CredentialUnusable
from .usage import CredentialUse, record_use


def endpoint_of(registry: Registry) -> Endpoint:
    return endpoint_for(
        registry.host,
        scheme="http" if registry.security == Security.PLAIN_HTTP else "https",
        # The row may keep a certificate of a former setting.
        ca_pem=registry.ca_certificate if registry.security == Security.OWN_CA else "",
        token_hosts=tuple(registry.token_hosts),
    )


def _endpoint(registry: Registry | None, host: str, plain_http: bool) -> Endpoint:
    if registry is not None:
        return endpoint_of(registry)
    return endpoint_for(host, scheme="http" if plain_http else "https")


def open_client(
    *,
    team: Team,
    reference_or_host: Reference | str,
    credential: Credential | None,
    plain_http: bool = False,
    cancellation: Cancellation | None = None,
    on_pause: OnPause | None = None,
    limits: Limits | None = None,
    use: CredentialUse | None = None,
) -> RegistryClient:
    """Return a client of the registry with exactly this credential; anonymous without one.

    Nothing is sent yet. The built-in registry needs no connection and no credential.

    Args:
        plain_http: for a host without a registry row; a row's own setting is never overridden.
        use: who logs in and why; recorded with the credential.

    Raises:
        CredentialUnusable: the credential is for another host or team, or has expired.
        DecryptionFailed: its secret cannot be read.
    """
    host = reference_or_host if isinstance(reference_or_host, str) else reference_or_host.registry
    if is_builtin_registry(host):
        return open_builtin_registry(team, cancellation)

    # A credential is always sent with the connection settings of the team that owns it, also when
    # the team that it is shared with has no such registry.
    registry = credential.registry if credential is not None else find_registry(team, host)
    stored, login = None, None
    if credential is not None:
        stored = _login_of(credential, team, host, use or CredentialUse())
        login = login_source(credential.registry, stored, cancellation=cancellation, limits=limits)
    client = RegistryClient(
        _endpoint(registry, host, plain_http),
        login,
        egress=egress_policy(),
        cancellation=cancellation,
        on_pause=on_pause,
        limits=limits,
    )
    if registry is not None:
        delete_tag = registry.get_provider().delete_tag
        client.tag_deletion = partial(delete_tag, client, stored)
    return client


def open_engine_login(
    *, team: Team, reference: Reference, credential: Credential, use: CredentialUse
) -> BasicCredential:
    """Return the login with which a Docker Engine pulls or pushes.

    Raises:
        CredentialUnusable: it is another team's, for another host, or has expired.
        DecryptionFailed
    """
    # An engine has its own TLS settings, so the owner's connection settings would not apply.
    if credential.team_id != team.pk:
        raise CredentialUnusable(
            "credential_not_for_engine", label=credential.label, owner=credential.team
        )
    login = _login_of(credential, team, reference.registry, use)
    return login_source(credential.registry, login)().credential


def login_source(
    registry: Registry,
    credential: BasicCredential,
    *,
    cancellation: Cancellation | None = None,
    limits: Limits | None = None,
) -> LoginSource:
    """Return the source of the registry's logins, which its provider exchanges for a credential."""

    def open_anonymous_client() -> RegistryClient:
        return RegistryClient(
            endpoint_of(registry),
            egress=egress_policy(),
            cancellation=cancellation,
            limits=limits,
        )

    provider = registry.get_provider()
    return lambda: provider.exchange_login(credential, open_anonymous_client)


def _login_of(credential: Credential, team: Team, host: str, use: CredentialUse) -> BasicCredential:
    check_ownership(credential, team, host)
    # Checked again here: the credential may have expired since it was selected.
    if credential.is_expired:
        raise CredentialUnusable("credential_expired", label=credential.label)
    login = reveal(credential)
    # After the decryption, so that a credential that cannot be read counts as not used.
    record_use(credential, team, use)
    return login


def reveal(credential: Credential) -> BasicCredential:
    """Decrypt the credential's secret.

    Raises:
        DecryptionFailed: naming the credential.
    """
    try:
        return BasicCredential(credential.username, credential.secret.reveal())
    except DecryptionFailed as exc:
        raise DecryptionFailed("credential_unreadable", label=credential.label, cause=exc) from exc
