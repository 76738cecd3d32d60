"""The executors at an engine, which transfers the image itself and reports the progress."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from django.conf import settings
from django.utils.translation import gettext as _

from registry_ui.images.archives.exports import Export, export_images
from registry_ui.images.disk import check_free_space, storage_errors
from registry_ui.images.engines.allowed_engines import engine_for
from registry_ui.images.engines.client import Engine
from registry_ui.images.engines.events import read_events
from registry_ui.images.models import LocalImage
from registry_ui.images.services import find_image, name_image
from registry_ui.images.store import LocalStore
from registry_ui.jobs.rights import check_requester
from registry_ui.oci.archive.archive_file import ArchiveFile
from registry_ui.oci.archive.archive_store import ArchivedImage, ArchiveStore
from registry_ui.oci.digest import Digest
from registry_ui.oci.errors import InvalidArchive, OciError
from registry_ui.oci.image_copy import PlatformChoice, copy_image
from registry_ui.oci.manifest import Descriptor, Manifest, Platform
from registry_ui.oci.progress import BlobState
from registry_ui.oci.reference import Reference
from registry_ui.oci.store import BlobReader

from .transfer_run import TransferRun, login_detail


def pull(run: TransferRun) -> Descriptor | None:
    with _engine(run) as engine:
        run.progress.enter("transferring")
        login = run.source_login()
        outcome = read_events(
            engine.pull(run.source, platform=run.transfer.platform, login=login), run.progress
        )
        # A digest of the registry, although the engine's image id is another one.
        return _descriptor(outcome.digest or _registry_digest(engine, run.source))


def tag(run: TransferRun) -> Descriptor | None:
    with _engine(run) as engine:
        engine.tag(_image_handle(run), run.target)
        return _descriptor(str(engine.inspect(str(run.target))["Id"]))


def push(run: TransferRun) -> Descriptor | None:
    with _engine(run) as engine:
        return _push(run, engine)


def publish(run: TransferRun) -> Descriptor | None:
    with _engine(run) as engine:
        run.steps.begin("tag")
        engine.tag(_image_handle(run), run.target)
        run.steps.complete(
            "tag", _("%(name)s is one more name of the image") % {"name": run.target.familiar}
        )
        return _push(run, engine)


def load(run: TransferRun) -> Descriptor | None:
    """Load a local image into the engine, as `docker load` does."""
    image = find_image(run.transfer.team, run.source)
    with _engine(run) as engine:
        run.progress.enter("resolving")
        export = export_images(images=[image], platforms=_selected_platforms(run, image))

        run.progress.enter("transferring")
        read_events(engine.load(_tracked_archive(run, export)), run.progress)

        run.progress.enter("finishing")
        loaded = engine.inspect(str(run.source))
        _set_load_note(run, loaded, {entry["image_id"] for entry in image.platforms})
        return _descriptor(str(loaded["Id"]))


def save(run: TransferRun) -> Manifest:
    """Save an image of the engine to the local images, through the archive of `docker save`."""
    check_requester(run.transfer)
    with _engine(run) as engine, _temporary_file() as file:
        run.steps.begin("fetch")
        _fetch(run, engine, file)
        run.steps.complete("fetch")

        run.steps.begin("store")
        archive = ArchiveStore(ArchiveFile(os.dup(file.fileno())))
        archive.verify(lambda count: run.cancellation.check())
        archived = _single_image(archive.images)
        manifest = _store_image(run, archive, archived.digest)

    # The transfer can take hours, in which the person may have lost the role.
    check_requester(run.transfer)
    name_image(
        team=run.transfer.team,
        user=run.transfer.user,
        name=run.target,
        digest=manifest.digest,
        source_digest=manifest.digest,
        origin=run.transfer.source if not run.source.digest else "",
    )
    run.steps.complete("store")
    if archived.is_rebuilt:
        run.progress.set_note(
            _(
                "An engine keeps layers unpacked and no manifest, so one was made here: the digest "
                "is a new one, the image id the same."
            )
        )
    return manifest


@contextmanager
def _engine(run: TransferRun) -> Iterator[Engine]:
    """Open the transfer's engine, if the operator still allows it to the team."""
    with Engine(engine_for(run.transfer.team, run.transfer.engine), run.cancellation) as engine:
        yield engine


def _push(run: TransferRun, engine: Engine) -> Descriptor | None:
    run.steps.begin("push")
    run.progress.enter("transferring")
    login = run.target_login()
    outcome = read_events(engine.push(run.target, login=login), run.progress)
    run.steps.complete("push", login_detail(run.transfer.target_credential, run.transfer.team))
    return _descriptor(outcome.digest, outcome.size)


def _image_handle(run: TransferRun) -> str:
    """Return the image's id, which an image without a tag needs, or its reference."""
    return str(run.transfer.options.get("image_id") or run.source)


def _registry_digest(engine: Engine, reference: Reference) -> str:
    """Return the digest that an engine's image has on its registry."""
    # Podman's pull reports no digest in its events.
    for text in engine.inspect(str(reference)).get("RepoDigests") or []:
        _name, _at, digest = str(text).partition("@")
        if Reference.parse(text).name == reference.name:
            return digest
    return ""


def _selected_platforms(run: TransferRun, image: LocalImage) -> list[Platform]:
    """Return the one platform to load; an empty list means the image's only one."""
    if run.transfer.platform:
        return [Platform.parse(run.transfer.platform)]
    # An engine without the containerd store loads one platform only.
    return [Platform.of_this_machine()] if len(image.platforms) > 1 else []


def _tracked_archive(run: TransferRun, export: Export) -> Iterator[bytes]:
    """Yield the archive's bytes, and report the progress of each blob."""

    # The archive opens its blobs one after another, in the order of the tar file.
    def open_blob(blob: Descriptor, offset: int = 0) -> BlobReader:
        return _TrackedReader(run, blob, export.store.open_blob(blob, offset), offset)

    # All blobs are announced first, so that the total is known from the start.
    for blob in export.archive.blobs:
        run.progress.expect(blob, kind="layer")
    yield from export.archive.read(open_blob)


class _TrackedReader:
    """A blob reader that reports each read to the progress."""

    def __init__(self, run: TransferRun, blob: Descriptor, reader: BlobReader, offset: int) -> None:
        self._run, self._blob, self._reader = run, blob, reader
        run.progress.begin(blob.digest, offset)

    def readinto(self, buffer: memoryview, /) -> int:
        count = self._reader.readinto(buffer)
        if count:
            self._run.progress.advance(self._blob.digest, count)
        return count

    def close(self) -> None:
        self._reader.close()
        self._run.progress.mark(self._blob.digest, BlobState.DONE)

    def __enter__(self) -> "_TrackedReader":
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()


def _set_load_note(run: TransferRun, loaded: dict[str, object], image_ids: set[str]) -> None:
    if str(loaded.get("Id")) in image_ids:
        run.progress.set_note(
            _(
                "The engine unpacks the layers and keeps no manifest: the image id is the same "
                "there, the digest is not."
            )
        )
    else:
        run.progress.set_note(
            _("The engine made an image of its own of it: its id there is another one.")
        )


@contextmanager
def _temporary_file() -> Iterator[BinaryIO]:
    """Open a file without a name on the disk of the images."""
    # The kernel frees it even when the worker is killed.
    folder = settings.IMAGES_DIRECTORY
    with storage_errors(folder):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file: BinaryIO = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115
    with file:
        yield file


def _fetch(run: TransferRun, engine: Engine, file: BinaryIO) -> None:
    run.progress.enter("transferring")
    details = engine.inspect(_image_handle(run))
    name, size, written = str(details["Id"]), int(details.get("Size") or 0), 0
    run.progress.report(name, BlobState.TRANSFERRING, kind="archive", offset=0, size=size)

    for chunk in engine.save(_image_handle(run)):
        with storage_errors(settings.IMAGES_DIRECTORY):
            check_free_space(settings.IMAGES_DIRECTORY, len(chunk), settings.FREE_SPACE_FLOOR)
            file.write(chunk)
        written += len(chunk)
        # `Size` is an estimate of the archive's size.
        run.progress.report(
            name, BlobState.TRANSFERRING, kind="archive", offset=written, size=max(size, written)
        )

    file.flush()
    run.progress.report(name, BlobState.DONE, kind="archive", size=written)


def _single_image(images: list[ArchivedImage]) -> ArchivedImage:
    # A reference without a tag makes some engines save every tag of the repository.
    if len(images) != 1:
        raise InvalidArchive("engine_wrote_several_images", count=len(images))
    return images[0]


def _store_image(run: TransferRun, archive: ArchiveStore, digest: Digest) -> Manifest:
    # Without a tag: the image gets its name after the last check of the permissions.
    store = LocalStore(
        run.transfer.team,
        Reference(run.target.registry, run.target.repository),
        cancellation=run.cancellation,
    )

    return copy_image(
        archive,
        digest,
        store,
        None,
        run.copy_session(),
        platform=PlatformChoice(None),
    ).manifest


def _descriptor(digest: str, size: int = 0) -> Descriptor | None:
    # An engine may report no digest, or one in a form of its own.
    try:
        return Descriptor("", Digest.parse(digest), size) if digest else None
    except OciError:
        return None
