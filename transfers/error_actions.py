"""The actions that the page of a failed transfer offers, by the cause of the error."""

from dataclasses import dataclass
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _

from registry_ui.accounts.models import Team
from registry_ui.credentials.models import Credential
from registry_ui.oci.errors import StoredError
from registry_ui.oci.reference import Reference
from registry_ui.registries.models import Registry

from .models import Kind, Transfer

# Names of exception classes, as the row's `error` stores them. An unknown repository can also be
# a private one: registries answer both in the same way.
_LOGIN_KINDS = frozenset(
    {"Unauthorized", "Denied", "RateLimited", "DecryptionFailed", "RepositoryUnknown"}
)
_CREDENTIAL_KINDS = frozenset({"AmbiguousCredential", "CredentialRemoved", "CredentialUnusable"})
_CONNECTION_KINDS = frozenset(
    {
        "ConnectionFailed",
        "HostUnknown",
        "ConnectionTimeout",
        "TlsFailed",
        "EgressRefused",
        "NotARegistry",
        "ServerFailed",
    }
)
_NAME_KINDS = frozenset({"ManifestUnknown", "RepositoryUnknown", "NotFound"})


@dataclass(frozen=True, slots=True)
class ErrorAction:
    """A link to the page on which an error can be resolved."""

    label: str
    url: str
    icon: str


@dataclass(frozen=True, slots=True)
class _Endpoint:
    """An endpoint of a transfer on a registry."""

    reference: Reference
    registry: Registry | None
    credential: Credential | None

    @property
    def host(self) -> str:
        return self.reference.registry


def error_actions_for(transfer: Transfer) -> list[ErrorAction]:
    """Return a few actions, the most likely one first. The page itself offers the retry."""
    kind = str((transfer.error or {}).get("kind", ""))
    actions: list[ErrorAction] = []

    # First the actions that change the transfer itself.
    if kind == "PlatformMissing":
        actions += _platform_actions(transfer)
    if kind in _NAME_KINDS and transfer.kind == Kind.PULL:
        actions.append(_pull_action(transfer, _("Correct the reference")))
    if kind == "TagChanged":
        actions += _selection_actions(
            transfer, "transfers:delete_tags", _("Look at it again"), "eye"
        )
    if kind == "InvalidArchive":
        actions.append(
            ErrorAction(_("Import another file"), reverse("images:import"), "package-import")
        )

    # Then those that change a login, a connection or the storage.
    if kind in _LOGIN_KINDS:
        actions += [
            _login_action(endpoint, transfer.team) for endpoint in _failed_endpoints(transfer)
        ]
    if kind in _CREDENTIAL_KINDS:
        actions.append(
            ErrorAction(_("The team's credentials"), reverse("registries:team_credentials"), "key")
        )
    if kind in _CONNECTION_KINDS:
        actions += [_connection_action(endpoint) for endpoint in _failed_endpoints(transfer)]
    if kind in ("StorageFull", "StorageError"):
        actions.append(
            ErrorAction(_("Make room: remove images"), reverse("images:list"), "stack-2")
        )

    # Both endpoints of a copy can have one registry and so the same action.
    return list(dict.fromkeys(actions))


def _failed_endpoints(transfer: Transfer) -> list[_Endpoint]:
    """Return the endpoints that caused the error; both of a copy where it is not known which."""
    source = _Endpoint(
        Reference.parse(transfer.source), transfer.source_registry, transfer.source_credential
    )
    target = _Endpoint(
        Reference.parse(transfer.target), transfer.target_registry, transfer.target_credential
    )
    # Every kind but a copy has one endpoint on a registry.
    if transfer.kind == Kind.PULL:
        return [source]
    if transfer.kind != Kind.COPY:
        return [target]

    failed_steps = {
        step["name"] for step in transfer.progress.get("steps", []) if step["state"] == "failed"
    }
    if failed_steps & {"source", "target"}:
        return [source] if "source" in failed_steps else [target]

    # During the copy itself only the error says which of the two registries failed.
    hosts = _named_hosts(transfer.error or {})
    endpoints = [source, target]
    named = [endpoint for endpoint in endpoints if endpoint.host in hosts]
    return named or endpoints


def _named_hosts(error: StoredError) -> set[str]:
    """Return the hosts that an error's parameters name, and those of the error that caused it."""
    parameters = error.get("parameters") or {}
    # A location may go on with a repository.
    texts = (str(parameters.get(name, "")) for name in ("host", "location"))
    hosts = {text.partition("/")[0] for text in texts if text}
    cause = parameters.get("cause")
    return hosts | _named_hosts(cause) if isinstance(cause, dict) else hosts


def _login_action(endpoint: _Endpoint, team: Team) -> ErrorAction:
    # Only the owning team can change a shared credential, so its page is shown and not its form.
    credential = endpoint.credential
    if credential is not None:
        url = reverse("registries:credential", args=[credential.pk])
        if credential.team_id != team.pk:
            label = _("Look at the credential of the team %(owner)s") % {"owner": credential.team}
        else:
            label = _("Test or change the credential “%(label)s”") % {"label": credential.label}
        return ErrorAction(label, url, "key")

    if endpoint.registry is not None:
        label = _("Add a credential for %(host)s") % {"host": endpoint.host}
        url = reverse("registries:credential_add", args=[endpoint.registry.pk])
        return ErrorAction(label, url, "key")
    label = _("Add the registry %(host)s") % {"host": endpoint.host}
    return ErrorAction(label, _add_registry_url(endpoint.host), "server-2")


def _connection_action(endpoint: _Endpoint) -> ErrorAction:
    if endpoint.registry is not None:
        label = _("Check the connection to %(name)s") % {"name": endpoint.registry.name}
        url = reverse("registries:detail", args=[endpoint.registry.pk])
        return ErrorAction(label, url, "server-2")
    label = _("Set up %(host)s as a registry") % {"host": endpoint.host}
    return ErrorAction(label, _add_registry_url(endpoint.host), "server-2")


def _add_registry_url(host: str) -> str:
    return f"{reverse('registries:add')}?{urlencode({'host': host})}"


def _platform_actions(transfer: Transfer) -> list[ErrorAction]:
    if transfer.kind == Kind.PULL:
        return [_pull_action(transfer, _("Pull every platform"), platform="all")]
    return _selection_actions(transfer, "transfers:copy_tags", _("Copy every platform"), "copy")


def _selection_actions(transfer: Transfer, route: str, label: str, icon: str) -> list[ErrorAction]:
    """Return the link to the form with the same selection, if the registry still exists."""
    if transfer.source_registry is None:
        return []

    # The form reads the same parameters as from the list of tags.
    source = Reference.parse(transfer.source)
    selection = {"digest": str(source.digest)} if source.digest else {"tag": source.tag}
    query = urlencode(
        {"registry": transfer.source_registry.pk, "repository": source.repository, **selection}
    )
    return [ErrorAction(label, f"{reverse(route)}?{query}", icon)]


def _pull_action(transfer: Transfer, label: str, **values: str) -> ErrorAction:
    query = urlencode({"reference": transfer.source, **values})
    return ErrorAction(label, f"{reverse('transfers:pull')}?{query}", "download")
