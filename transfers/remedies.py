"""After an error, where a person goes to mend it: the one or two pages that its cause points at."""

from dataclasses import dataclass
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _

from registry_ui.oci.reference import Reference
from registry_ui.registries.models import Credential, Registry

from .models import Kind, Transfer

_LOGIN_KINDS = frozenset({"Unauthorized", "Denied", "RateLimited", "DecryptionFailed", "RepositoryUnknown"})
_CONNECTION_KINDS = frozenset(
    {"ConnectionFailed", "HostUnknown", "ConnectionTimeout", "TlsFailed", "EgressRefused", "NotARegistry", "ServerFailed"}
)
_NAME_KINDS = frozenset({"ManifestUnknown", "RepositoryUnknown", "NotFound"})


@dataclass(frozen=True, slots=True)
class Remedy:
    label: str
    url: str
    icon: str


def remedies_for(transfer: Transfer) -> list[Remedy]:
    """At most a few links, the likeliest cure first. Retrying is offered by the page itself."""
    kind = str((transfer.error or {}).get("kind", ""))
    remedies: list[Remedy] = []
    if kind == "PlatformMissing":
        remedies.append(_pull_again(transfer, _("Pull every platform"), platform="all"))
    if kind in _NAME_KINDS and transfer.kind == Kind.PULL:
        remedies.append(_pull_again(transfer, _("Correct the reference")))
    if kind in _LOGIN_KINDS:
        remedies.append(_login(transfer))
    if kind in _CONNECTION_KINDS:
        remedies.append(_connection(transfer))
    if kind in ("StorageFull", "StorageError"):
        remedies.append(Remedy(_("Make room: remove images"), reverse("images:list"), "stack-2"))
    return remedies


def _remote(transfer: Transfer) -> tuple[Registry | None, Credential | None, str]:
    """The end that lies on a registry: its row, its credential and its host."""
    if transfer.kind == Kind.PULL:
        return transfer.source_registry, transfer.source_credential, Reference.parse(transfer.source).registry
    return transfer.target_registry, transfer.target_credential, Reference.parse(transfer.target).registry


def _login(transfer: Transfer) -> Remedy:
    registry, credential, host = _remote(transfer)
    if credential is not None:
        label = _("Test or change the credential “%(label)s”") % {"label": credential.label}
        return Remedy(label, reverse("registries:detail", args=[credential.registry_id]), "key")
    if registry is not None:
        return Remedy(_("Add a credential for %(host)s") % {"host": host}, reverse("registries:credential_add", args=[registry.pk]), "key")
    return Remedy(_("Add the registry %(host)s") % {"host": host}, _add_registry(host), "server-2")


def _connection(transfer: Transfer) -> Remedy:
    registry, _credential, host = _remote(transfer)
    if registry is not None:
        return Remedy(
            _("Check the connection to %(name)s") % {"name": registry.name}, reverse("registries:detail", args=[registry.pk]), "server-2"
        )
    return Remedy(_("Set up %(host)s as a registry") % {"host": host}, _add_registry(host), "server-2")


def _add_registry(host: str) -> str:
    return f"{reverse('registries:add')}?{urlencode({'host': host})}"


def _pull_again(transfer: Transfer, label: str, **values: str) -> Remedy:
    return Remedy(label, f"{reverse('transfers:pull')}?{urlencode({'reference': transfer.source, **values})}", "download")
