"""What is done at an engine: the engine moves the image itself, and its own events are the progress."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from django.conf import settings
from django.utils.translation import gettext as _

from registry_ui.images.archives.exporting import Export, export_images
from registry_ui.images.disk import check_room, storage_errors
from registry_ui.images.engines.allowed import engine_for
from registry_ui.images.engines.calls import Engine
from registry_ui.images.engines.events import follow
from registry_ui.images.models import LocalImage
from registry_ui.images.services import find_image, name_image
from registry_ui.images.store import LocalStore
from registry_ui.jobs.rights import check_person
from registry_ui.oci.archive.container import ArchiveFile
from registry_ui.oci.archive.reading import ArchivedImage, ArchiveStore
from registry_ui.oci.copying import PlatformChoice, copy_image
from registry_ui.oci.digest import Digest
from registry_ui.oci.errors import InvalidArchive, OciError
from registry_ui.oci.manifest import Descriptor, Manifest, Platform
from registry_ui.oci.progress import BlobState
from registry_ui.oci.reference import Reference
from registry_ui.oci.store import BlobReader

from .run import Run, login_words


def pull(run: Run) -> Descriptor | None:
    with _engine(run) as engine:
        run.progress.enter("moving")
        login = run.source_login()
        outcome = follow(
            engine.pull(run.source, platform=run.transfer.platform, login=login), run.progress
        )
        return _descriptor(outcome.digest or _registry_digest(engine, run.source))


def tag(run: Run) -> Descriptor | None:
    with _engine(run) as engine:
        engine.tag(_handle(run), run.target)
        return _descriptor(str(engine.inspect(str(run.target))["Id"]))


def push(run: Run) -> Descriptor | None:
    with _engine(run) as engine:
        return _push(run, engine)


def publish(run: Run) -> Descriptor | None:
    with _engine(run) as engine:
        run.steps.begin("tag")
        engine.tag(_handle(run), run.target)
        run.steps.complete(
            "tag", _("%(name)s is one more name of the image") % {"name": run.target.familiar}
        )
        return _push(run, engine)


def load(run: Run) -> Descriptor | None:
    """From the local store into the engine, as `docker load` takes it."""
    image = find_image(run.transfer.team, run.source)
    with _engine(run) as engine:
        run.progress.enter("resolving")
        export = export_images(images=[image], platforms=_wanted(run, image))
        run.progress.enter("moving")
        follow(engine.load(_told(run, export)), run.progress)
        run.progress.enter("finishing")
        loaded = engine.inspect(str(run.source))
        _note_loaded(run, loaded, {entry["image_id"] for entry in image.platforms})
        return _descriptor(str(loaded["Id"]))


def save(run: Run) -> Manifest:
    """From the engine into the local store, by way of what `docker save` writes. The file is nowhere by name."""
    check_person(run.transfer)
    with _engine(run) as engine, _file() as file:
        run.steps.begin("fetch")
        _fetch(run, engine, file)
        run.steps.complete("fetch")
        run.steps.begin("store")
        archive = ArchiveStore(ArchiveFile(os.dup(file.fileno())))
        archive.verify(lambda count: run.cancellation.check())
        found = _only(archive.images)
        manifest = _keep(run, archive, found.digest)
    check_person(run.transfer)
    name_image(
        team=run.transfer.team,
        user=run.transfer.user,
        name=run.target,
        digest=manifest.digest,
        source_digest=manifest.digest,
        origin=run.transfer.source if not run.source.digest else "",
    )
    run.steps.complete("store")
    if found.is_rebuilt:
        run.progress.note(
            _(
                "An engine keeps layers unpacked and no manifest, so one was made here: the digest is a new one, the image id the same."
            )
        )
    return manifest


@contextmanager
def _engine(run: Run) -> Iterator[Engine]:
    """The engine of the row, if the operator still allows it to the team."""
    with Engine(engine_for(run.transfer.team, run.transfer.engine), run.cancellation) as engine:
        yield engine


def _push(run: Run, engine: Engine) -> Descriptor | None:
    run.steps.begin("push")
    run.progress.enter("moving")
    login = run.target_login()
    outcome = follow(engine.push(run.target, login=login), run.progress)
    run.steps.complete("push", login_words(run.transfer.target_credential, run.transfer.team))
    return _descriptor(outcome.digest, outcome.size)


def _handle(run: Run) -> str:
    """How the engine is told which image is meant: by its id where it has no name."""
    return str(run.transfer.options.get("image_id") or run.source)


def _registry_digest(engine: Engine, reference: Reference) -> str:
    """What a registry calls an image that the engine has; Podman says it nowhere else."""
    for text in engine.inspect(str(reference)).get("RepoDigests") or []:
        name, _at, digest = str(text).partition("@")
        if Reference.parse(text).name == reference.name:
            return digest
    return ""


def _wanted(run: Run, image: LocalImage) -> list[Platform]:
    """An engine takes one image: of several platforms this machine's, where nobody chose another."""
    if run.transfer.platform:
        return [Platform.parse(run.transfer.platform)]
    return [Platform.of_this_machine()] if len(image.platforms) > 1 else []


def _told(run: Run, export: Export) -> Iterator[bytes]:
    """The archive's bytes, each blob's progress told as it passes."""

    def open_blob(blob: Descriptor, offset: int = 0) -> BlobReader:
        return _ToldReader(run, blob, export.store.open_blob(blob, offset), offset)

    for blob in export.archive.blobs:
        run.progress.expect(blob, kind="layer")
    yield from export.archive.read(open_blob)


class _ToldReader:
    def __init__(self, run: Run, blob: Descriptor, reader: BlobReader, offset: int) -> None:
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

    def __enter__(self) -> "_ToldReader":
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()


def _note_loaded(run: Run, loaded: dict[str, object], image_ids: set[str]) -> None:
    if str(loaded.get("Id")) in image_ids:
        run.progress.note(
            _(
                "The engine unpacks the layers and keeps no manifest: the image id is the same there, the digest is not."
            )
        )
    else:
        run.progress.note(
            _("The engine made an image of its own of it: its id there is another one.")
        )


@contextmanager
def _file() -> Iterator[BinaryIO]:
    """An open file on the disk of the images that has no name: whatever happens, nothing of it is left."""
    folder = settings.IMAGES_DIRECTORY
    with storage_errors(folder):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file: BinaryIO = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115
    with file:
        yield file


def _fetch(run: Run, engine: Engine, file: BinaryIO) -> None:
    run.progress.enter("moving")
    about = engine.inspect(_handle(run))
    name, size, written = str(about["Id"]), int(about.get("Size") or 0), 0
    run.progress.report(name, BlobState.MOVING, kind="archive", offset=0, size=size)
    for piece in engine.save(_handle(run)):
        with storage_errors(settings.IMAGES_DIRECTORY):
            check_room(settings.IMAGES_DIRECTORY, len(piece), settings.FREE_SPACE_FLOOR)
            file.write(piece)
        written += len(piece)
        run.progress.report(
            name, BlobState.MOVING, kind="archive", offset=written, size=max(size, written)
        )
    file.flush()
    run.progress.report(name, BlobState.DONE, kind="archive", size=written)


def _only(images: list[ArchivedImage]) -> ArchivedImage:
    if len(images) != 1:
        raise InvalidArchive(
            _("The engine wrote %(count)d images where one was asked for.") % {"count": len(images)}
        )
    return images[0]


def _keep(run: Run, archive: ArchiveStore, digest: Digest) -> Manifest:
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
        platform=PlatformChoice(None),
        progress=run.progress,
        cancellation=run.cancellation,
        lanes=settings.BLOB_LANES,
    ).manifest


def _descriptor(digest: str, size: int = 0) -> Descriptor | None:
    try:
        return Descriptor("", Digest.parse(digest), size) if digest else None
    except OciError:
        return None
