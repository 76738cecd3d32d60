"""One transfer from claimed to an end state. Rights and credentials are looked up again here: what was true when it was
queued may not be true now."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.conf import settings
from django.db import DatabaseError, InterfaceError, OperationalError
from django.utils.translation import gettext as _

from registry_ui.images.blobs import damaged
from registry_ui.images.models import LocalImage
from registry_ui.images.services import name_image, tag_image
from registry_ui.images.store import LocalStore
from registry_ui.jobs.reporting import Reporter
from registry_ui.jobs.rights import check_person
from registry_ui.oci.client import RegistryClient
from registry_ui.oci.copying import PlatformChoice, copy_image
from registry_ui.oci.digest import Digest
from registry_ui.oci.errors import Cancelled, ContentMismatch, Denied, OciError
from registry_ui.oci.manifest import Manifest
from registry_ui.oci.progress import Progress
from registry_ui.oci.reference import Reference
from registry_ui.oci.store import Cancellation
from registry_ui.registries.models import Credential
from registry_ui.registries.services import credential_for, open_client

from .models import Kind, State, Transfer
from .mounting import repositories_holding
from .steps import Steps

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Run:
    """What a kind of transfer works with."""

    transfer: Transfer
    progress: Progress
    steps: Steps
    cancellation: Cancellation

    @property
    def source(self) -> Reference:
        return Reference.parse(self.transfer.source)

    @property
    def target(self) -> Reference:
        return Reference.parse(self.transfer.target)

    def values(self) -> dict[str, Any]:
        """The row's columns as they should be now."""
        done, total = self.progress.totals()
        return {
            "progress": {**self.progress.snapshot(), "steps": self.steps.as_list()},
            "bytes_done": done,
            "bytes_total": total,
        }

    def client(self, reference: Reference, credential: Credential | None, *, needed: bool, push: bool = False) -> RegistryClient:
        """A client for the reference's registry, with the chosen credential or none: never with another one."""
        if needed and credential is None:
            raise Denied(
                _("The credential chosen for %(host)s was removed meanwhile.") % {"host": reference.registry},
                advice=_("Start the transfer again with another credential."),
            )
        if credential is not None:
            # An admin may have restricted it since it was chosen.
            credential_for(team=self.transfer.team, reference=reference, push=push, chosen=credential)
        return open_client(
            team=self.transfer.team,
            reference_or_host=reference,
            credential=credential,
            plain_http=self.transfer.plain_http,
            cancellation=self.cancellation,
            on_pause=self.progress.pause,
        )

    def target_client(self) -> RegistryClient:
        return self.client(self.target, self.transfer.target_credential, needed=self.transfer.needs_target_credential, push=True)


def run(transfer: Transfer) -> None:
    """Run a claimed transfer; whatever happens, the row ends in an end state, or is another run's by then."""
    names = {Kind.PUSH: ("login", "push"), Kind.PUBLISH: ("login", "tag", "push")}.get(Kind(transfer.kind), ())
    run = _Run(transfer, Progress(), Steps(*names), Cancellation())
    reporter = Reporter(transfer, run.values, run.cancellation)
    logger.info("Transfer %s: %s %s begins (attempt %d).", transfer.pk, transfer.kind, transfer.target, transfer.attempt)
    with reporter:
        state, values = _attempt(run)
    logger.info("Transfer %s: %s.", transfer.pk, state.value)
    if reporter.lost:
        logger.warning("Transfer %s was taken over by another worker.", transfer.pk)
        return
    if state is not State.SUCCEEDED:
        run.progress.fail_unfinished()
        run.steps.fail_running()
    try:
        transfer.finish(state, **run.values(), **values)
    except DatabaseError:
        # The row stays “running” without a heartbeat, and the reconciler brings it to its end.
        logger.exception("Transfer %s: its end could not be written.", transfer.pk)


def _attempt(run: _Run) -> tuple[State, dict[str, object]]:
    try:
        check_person(run.transfer)
        manifest = _KINDS[Kind(run.transfer.kind)](run)
    except Cancelled:
        return State.CANCELLED, {}
    except OciError as exc:
        logger.info("Transfer %s failed: %s", run.transfer.pk, exc.message)
        return State.FAILED, {"error": describe(exc)}
    except (OperationalError, InterfaceError):
        logger.exception("Transfer %s failed: the database does not answer.", run.transfer.pk)
        return State.FAILED, {"error": _without_database(run.transfer)}
    except Exception:
        # The one broad net: a row must never stay “running” because of a fault of ours. RQ's time-outs are off here.
        logger.exception("Transfer %s failed unexpectedly.", run.transfer.pk)
        return State.FAILED, {"error": _unexpected(run.transfer)}
    return State.SUCCEEDED, {"digest": str(manifest.digest), "size": manifest.size, "error": None}


def describe(exc: OciError) -> dict[str, str]:
    """The row's `error`."""
    return {"kind": type(exc).__name__, "message": exc.message, "advice": exc.advice}


def _without_database(transfer: Transfer) -> dict[str, str]:
    return {
        "kind": "DatabaseFailed",
        "message": _("The database of Registry UI did not answer in time."),
        "advice": _("Retry: what has arrived is not sent again. If it happens again, look for %(id)s in the worker's log.")
        % {"id": transfer.pk},
    }


def _unexpected(transfer: Transfer) -> dict[str, str]:
    return {
        "kind": "Unexpected",
        "message": _("Something went wrong inside Registry UI itself."),
        "advice": _("Retry; if it happens again, look for %(id)s in the worker's log.") % {"id": transfer.pk},
    }


def _pull(run: _Run) -> Manifest:
    transfer, source, target = run.transfer, run.source, run.target
    store = LocalStore(transfer.team, replace(target, tag=None, digest=None), cancellation=run.cancellation)
    with run.client(source, transfer.source_credential, needed=transfer.needs_source_credential) as client:
        copied = copy_image(
            client.store(source.repository),
            source.identifier,
            store,
            None,
            platform=PlatformChoice.parse(transfer.platform),
            progress=run.progress,
            cancellation=run.cancellation,
            lanes=settings.BLOB_LANES,
        )
    check_person(transfer)
    # Named here and not by the store: only the copy knows which index the one platform was taken from.
    image = name_image(
        team=transfer.team,
        user=transfer.user,
        name=target if target.tag else target.with_digest(copied.manifest.digest),
        digest=copied.manifest.digest,
        source_digest=copied.source_digest,
        origin=str(source),
    )
    _note_moved_name(run, image)
    return copied.manifest


def _note_moved_name(run: _Run, image: LocalImage) -> None:
    if image.previous_image_id:
        words = {"name": image.reference.familiar, "id": Digest.parse(image.previous_image_id).short}
        run.progress.note(_("%(name)s was a name of image %(id)s before.") % words)


def _push(run: _Run) -> Manifest:
    with run.target_client() as client:
        _log_in(run, client)
        return _send(run, client, run.source)


def _publish(run: _Run) -> Manifest:
    with run.target_client() as client:
        _log_in(run, client)
        run.steps.begin("tag")
        image = tag_image(team=run.transfer.team, user=run.transfer.user, source=run.source, target=run.target)
        words = {"name": run.target.familiar, "id": Digest.parse(image.image_id).short}
        run.steps.complete("tag", _("%(name)s is one more name of image %(id)s") % words)
        return _send(run, client, run.target)


def _log_in(run: _Run, client: RegistryClient) -> None:
    run.steps.begin("login")
    client.may(run.target.repository, "pull,push")
    credential = run.transfer.target_credential
    run.steps.complete("login", _("Login succeeded as %(name)s") % {"name": credential.username} if credential else _("No login needed"))


def _send(run: _Run, client: RegistryClient, local: Reference) -> Manifest:
    run.steps.begin("push")
    store = LocalStore(run.transfer.team, local, user=run.transfer.user, cancellation=run.cancellation)
    try:
        copied = copy_image(
            store,
            local.identifier,
            client.store(run.target.repository, push=True),
            run.target.tag,
            platform=PlatformChoice.parse(run.transfer.platform or "all"),
            progress=run.progress,
            cancellation=run.cancellation,
            lanes=settings.BLOB_LANES,
            mount_from=_holders(run.transfer, run.target),
        )
    except ContentMismatch as exc:
        # What turns out to be damaged here is taken out of sight, so that a pull brings it again.
        if found := store.recheck_opened():
            raise damaged(found[0]) from exc
        raise
    run.steps.complete("push", _("%(tag)s: digest: %(digest)s") % {"tag": run.target.identifier, "digest": copied.manifest.digest})
    return copied.manifest


def _holders(transfer: Transfer, target: Reference) -> Callable[[Digest], Sequence[str]]:
    holding = repositories_holding(team=transfer.team, registry=target.registry, but=target.repository)
    return lambda digest: holding.get(str(digest), ())


def _retag(run: _Run) -> Manifest:
    """One manifest PUT on the registry; no blob moves."""
    run.progress.enter("finishing")
    with run.target_client() as client:
        store = client.store(run.target.repository, push=True)
        manifest = store.get_manifest(run.source.identifier)
        run.cancellation.check()
        store.put_manifest(manifest, run.target.tag or manifest.digest)
    return manifest


def _tag(run: _Run) -> Manifest:
    transfer = run.transfer
    if not transfer.target_is_local:
        return _retag(run)
    image = tag_image(team=transfer.team, user=transfer.user, source=run.source, target=run.target)
    _note_moved_name(run, image)
    return LocalStore(transfer.team, image.reference).get_manifest(Digest.parse(image.digest))


_KINDS: dict[Kind, Callable[[_Run], Manifest]] = {
    Kind.PULL: _pull,
    Kind.TAG: _tag,
    Kind.PUSH: _push,
    Kind.PUBLISH: _publish,
}
