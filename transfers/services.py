"""The verbs: what a form, the command line and later the API ask for. Each makes one row; a worker does the rest."""

from dataclasses import replace
from functools import partial

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from registry_ui.accounts.models import Role, Team, User
from registry_ui.images.services import find_image
from registry_ui.jobs.queueing import worker_name
from registry_ui.oci.copying import PlatformChoice
from registry_ui.oci.errors import InvalidReference
from registry_ui.oci.reference import Reference
from registry_ui.registries.models import Credential
from registry_ui.registries.services import credential_for, registry_for

from .models import Kind, Transfer
from .queueing import TRANSFERS
from .running import run

# What a retry takes over from the row that it repeats.
_REPEATED = (
    "team",
    "kind",
    "source",
    "target",
    "source_is_local",
    "target_is_local",
    "source_registry",
    "target_registry",
    "source_credential",
    "target_credential",
    "needs_source_credential",
    "needs_target_credential",
    "platform",
    "plain_http",
)


def start_pull(
    *,
    team: Team,
    user: User | None,
    reference: Reference,
    platform: str = "",
    credential: Credential | None = None,
    plain_http: bool = False,
    enqueue: bool = True,
) -> Transfer:
    """Bring an image from its registry into the local store, under the same name.

    Args:
        platform: `os/architecture[/variant]`, `all`, or empty for this machine's.
        credential: the person's choice; None lets the repository patterns choose.

    Raises:
        OciError, AmbiguousCredential, PermissionDenied
    """
    PlatformChoice.parse(platform)
    serving = credential_for(team=team, reference=reference, push=False, chosen=credential)
    local = replace(reference, digest=None) if reference.tag else reference
    return _start(
        Transfer(
            team=team,
            user=user,
            kind=Kind.PULL,
            source=str(reference),
            target=str(local),
            target_is_local=True,
            source_registry=registry_for(team, reference.registry),
            source_credential=serving,
            needs_source_credential=serving is not None,
            platform=platform.strip().lower(),
            plain_http=plain_http,
        ),
        enqueue,
    )


def start_push(
    *,
    team: Team,
    user: User | None,
    reference: Reference,
    credential: Credential | None = None,
    plain_http: bool = False,
    enqueue: bool = True,
) -> Transfer:
    """Send the local image of this name to the registry that the name says.

    Raises:
        OciError, AmbiguousCredential, PermissionDenied
    """
    return _start_push(Kind.PUSH, team, user, reference, reference, credential, plain_http, enqueue)


def start_publish(
    *,
    team: Team,
    user: User | None,
    source: Reference,
    target: Reference,
    credential: Credential | None = None,
    plain_http: bool = False,
    enqueue: bool = True,
) -> Transfer:
    """Check the login, give a local image the target's name, push it: the three steps of a private registry.

    Raises:
        OciError, AmbiguousCredential, PermissionDenied
    """
    return _start_push(Kind.PUBLISH, team, user, source, target, credential, plain_http, enqueue)


def start_tag(*, team: Team, user: User | None, source: Reference, target: Reference) -> Transfer:
    """Give a local image one more name, at once: no data moves, so nothing has to wait for a worker.

    Raises:
        OciError, PermissionDenied
    """
    _need_tag(target)
    find_image(team, source)
    transfer = Transfer(
        team=team, user=user, kind=Kind.TAG, source=str(source), target=str(target), source_is_local=True, target_is_local=True
    )
    return run_here(_start(transfer, False))


def start_retag(
    *,
    team: Team,
    user: User | None,
    source: Reference,
    target: Reference,
    credential: Credential | None = None,
    plain_http: bool = False,
    enqueue: bool = True,
) -> Transfer:
    """Point another tag of the same repository on a registry at the same image: one manifest, no local copy.

    Raises:
        OciError, AmbiguousCredential, PermissionDenied
    """
    _need_tag(target)
    if source.name != target.name:
        raise InvalidReference(
            _("A retag stays within one repository; %(source)s and %(target)s are two.") % {"source": source.name, "target": target.name},
            advice=_("Pull the image and publish it under the other name."),
        )
    serving = credential_for(team=team, reference=target, push=True, chosen=credential)
    registry = registry_for(team, target.registry)
    return _start(
        Transfer(
            team=team,
            user=user,
            kind=Kind.TAG,
            source=str(source),
            target=str(target),
            source_registry=registry,
            target_registry=registry,
            source_credential=serving,
            target_credential=serving,
            needs_source_credential=serving is not None,
            needs_target_credential=serving is not None,
            plain_http=plain_http,
        ),
        enqueue,
    )


def cancel(transfer: Transfer, user: User | None) -> None:
    """Stop a transfer: at once while it is queued, within two seconds while it runs. One that has ended stays as it is.

    Raises:
        PermissionDenied
    """
    _need_operator(transfer.team, user)
    TRANSFERS.cancel(transfer)


def retry(transfer: Transfer, user: User | None, *, enqueue: bool = True) -> Transfer:
    """Start an ended transfer again as a new row; whatever has arrived is not moved again.

    Raises:
        OciError, PermissionDenied
    """
    _need_operator(transfer.team, user)
    if not transfer.is_terminal:
        raise InvalidReference(_("This transfer has not ended."), advice=_("Cancel it first."))
    copied = {name: getattr(transfer, name) for name in _REPEATED}
    return _start(Transfer(user=user, retry_of=transfer, **copied), enqueue)


def run_here(transfer: Transfer) -> Transfer:
    """Run a queued transfer in this process, to its end, and return its row as it is then."""
    claimed = Transfer.claim_for_run(transfer.pk, worker_name())
    if claimed is not None:
        run(claimed)
    return Transfer.objects.get(pk=transfer.pk)


def _start_push(
    kind: Kind,
    team: Team,
    user: User | None,
    source: Reference,
    target: Reference,
    credential: Credential | None,
    plain_http: bool,
    enqueue: bool,
) -> Transfer:
    _need_tag(target)
    find_image(team, source)
    serving = credential_for(team=team, reference=target, push=True, chosen=credential)
    return _start(
        Transfer(
            team=team,
            user=user,
            kind=kind,
            source=str(source),
            target=str(target),
            source_is_local=True,
            target_registry=registry_for(team, target.registry),
            target_credential=serving,
            needs_target_credential=serving is not None,
            plain_http=plain_http,
        ),
        enqueue,
    )


def _start(transfer: Transfer, hand_over: bool) -> Transfer:
    _need_operator(transfer.team, transfer.user)
    transfer.requested_by = transfer.user.get_username() if transfer.user else ""
    with transaction.atomic():
        transfer.save(force_insert=True)
        if hand_over:
            transaction.on_commit(partial(TRANSFERS.enqueue, transfer))
    return transfer


def _need_operator(team: Team, user: User | None) -> None:
    """The command line, which has no user, is trusted with everything: who runs it reads the database anyway."""
    if user is None:
        return
    role = user.role_in(team)
    if role is None or not role.allows(Role.OPERATOR):
        raise PermissionDenied(_("Only operators and admins of the team %(team)s may do this.") % {"team": team.name})


def _need_tag(target: Reference) -> None:
    if target.digest is not None or target.tag is None:
        raise InvalidReference(
            _("The new name needs a tag, not a digest."), advice=_("Write it as %(name)s:1.0, say.") % {"name": target.name}
        )
