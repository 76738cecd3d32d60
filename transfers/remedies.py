"""After an error, where a person goes to mend it: the few pages that its cause points at."""

import re
from dataclasses import dataclass
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _

from registry_ui.accounts.models import Team
from registry_ui.oci.reference import Reference
from registry_ui.registries.models import Credential, Registry

from .models import Kind, Transfer

_LOGIN_KINDS = frozenset(
    {"Unauthorized", "Denied", "RateLimited", "DecryptionFailed", "RepositoryUnknown"}
)
_CREDENTIAL_KINDS = frozenset({"AmbiguousCredential", "CredentialGone", "CredentialUnfit"})
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
class Remedy:
    label: str
    url: str
    icon: str


@dataclass(frozen=True, slots=True)
class _End:
    """An end of a transfer that lies on a registry."""

    reference: Reference
    registry: Registry | None
    credential: Credential | None

    @property
    def host(self) -> str:
        return self.reference.registry


def remedies_for(transfer: Transfer) -> list[Remedy]:
    """At most a few links, the likeliest cure first. Retrying is offered by the page itself."""
    kind = str((transfer.error or {}).get("kind", ""))
    remedies: list[Remedy] = []
    if kind == "PlatformMissing":
        remedies += _other_platform(transfer)
    if kind in _NAME_KINDS and transfer.kind == Kind.PULL:
        remedies.append(_pull_again(transfer, _("Correct the reference")))
    if kind == "Changed":
        remedies += _look_again(transfer)
    if kind == "InvalidArchive":
        remedies.append(
            Remedy(_("Import another file"), reverse("images:import"), "package-import")
        )
    if kind in _LOGIN_KINDS:
        remedies += [_login(end, transfer.team) for end in _at_fault(transfer)]
    if kind in _CREDENTIAL_KINDS:
        remedies.append(
            Remedy(_("The team's credentials"), reverse("registries:team_credentials"), "key")
        )
    if kind in _CONNECTION_KINDS:
        remedies += [_connection(end) for end in _at_fault(transfer)]
    if kind in ("StorageFull", "StorageError"):
        remedies.append(Remedy(_("Make room: remove images"), reverse("images:list"), "stack-2"))
    return list(dict.fromkeys(remedies))


def _at_fault(transfer: Transfer) -> list[_End]:
    """The ends on a registry: of a copy's two the one that the error names, or both where it names neither."""
    source = _End(
        Reference.parse(transfer.source), transfer.source_registry, transfer.source_credential
    )
    target = _End(
        Reference.parse(transfer.target), transfer.target_registry, transfer.target_credential
    )
    if transfer.kind == Kind.PULL:
        return [source]
    if transfer.kind != Kind.COPY:
        return [target]
    failed = {
        step["name"] for step in transfer.progress.get("steps", []) if step["state"] == "failed"
    }
    if failed & {"source", "target"}:
        return [source] if "source" in failed else [target]
    message = str((transfer.error or {}).get("message", ""))
    return [end for end in (source, target) if _is_named(end.host, message)] or [source, target]


def _is_named(host: str, message: str) -> bool:
    """Whether the host stands there whole, and not as a part of another one."""
    return re.search(rf"(?<![\w.-]){re.escape(host)}(?!:?[\w-])", message) is not None


def _login(end: _End, team: Team) -> Remedy:
    if end.credential is not None and end.credential.team_id != team.pk:
        label = _("Look at the credential of the team %(owner)s") % {"owner": end.credential.team}
        return Remedy(label, reverse("registries:credential", args=[end.credential.pk]), "key")
    if end.credential is not None:
        label = _("Test or change the credential “%(label)s”") % {"label": end.credential.label}
        return Remedy(label, reverse("registries:credential", args=[end.credential.pk]), "key")
    if end.registry is not None:
        label = _("Add a credential for %(host)s") % {"host": end.host}
        return Remedy(label, reverse("registries:credential_add", args=[end.registry.pk]), "key")
    return Remedy(
        _("Add the registry %(host)s") % {"host": end.host}, _add_registry(end.host), "server-2"
    )


def _connection(end: _End) -> Remedy:
    if end.registry is not None:
        label = _("Check the connection to %(name)s") % {"name": end.registry.name}
        return Remedy(label, reverse("registries:detail", args=[end.registry.pk]), "server-2")
    return Remedy(
        _("Set up %(host)s as a registry") % {"host": end.host}, _add_registry(end.host), "server-2"
    )


def _add_registry(host: str) -> str:
    return f"{reverse('registries:add')}?{urlencode({'host': host})}"


def _other_platform(transfer: Transfer) -> list[Remedy]:
    if transfer.kind == Kind.PULL:
        return [_pull_again(transfer, _("Pull every platform"), platform="all")]
    return _chosen_again(transfer, "transfers:copy_tags", _("Copy every platform"), "copy")


def _look_again(transfer: Transfer) -> list[Remedy]:
    return _chosen_again(transfer, "transfers:delete_tags", _("Look at it again"), "eye")


def _chosen_again(transfer: Transfer, route: str, label: str, icon: str) -> list[Remedy]:
    """The page on which it was chosen, as long as its registry is known here."""
    source = Reference.parse(transfer.source)
    if transfer.source_registry is None:
        return []
    chosen = {"digest": str(source.digest)} if source.digest else {"tag": source.tag}
    query = urlencode(
        {"registry": transfer.source_registry.pk, "repository": source.repository, **chosen}
    )
    return [Remedy(label, f"{reverse(route)}?{query}", icon)]


def _pull_again(transfer: Transfer, label: str, **values: str) -> Remedy:
    return Remedy(
        label,
        f"{reverse('transfers:pull')}?{urlencode({'reference': transfer.source, **values})}",
        "download",
    )
