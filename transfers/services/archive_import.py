"""The service that starts an import of an archive to the local images."""

from collections.abc import Sequence
from dataclasses import dataclass

from registry_ui.accounts.models import User
from registry_ui.images.models import ArchiveUpload
from registry_ui.oci.errors import InvalidReference
from registry_ui.oci.reference import Reference
from registry_ui.registries.builtin_registry import check_builtin_name

from ..models import ACTIVE_STATES, Kind, Transfer
from .rows import create_transfer


@dataclass(frozen=True, slots=True)
class ImportedName:
    """An image of the archive, by digest, and a local reference for it."""

    digest: str
    name: Reference


def start_import(
    *,
    upload: ArchiveUpload,
    user: User | None,
    names: Sequence[ImportedName],
    enqueue: bool = True,
) -> Transfer:
    """Import images of an inspected archive, each under its selected names.

    Raises:
        OciError: nothing is selected, two images have one name, the archive lacks an image, or it
            is being imported already.
        PermissionDenied
    """
    _check(upload, names)
    names_by_digest: dict[str, list[str]] = {}
    for image in names:
        names_by_digest.setdefault(image.digest, []).append(str(image.name))

    # The row has one target only: lists show the first name, and the page all of them.
    first = str(names[0].name)
    images = [{"digest": digest, "names": texts} for digest, texts in names_by_digest.items()]
    transfer = Transfer(
        team=upload.team,
        user=user,
        kind=Kind.IMPORT,
        source=first,
        target=first,
        source_is_local=True,
        target_is_local=True,
        platform="all",
        options={
            "upload": str(upload.pk),
            "archive": upload.name,
            "images": images,
        },
    )
    return create_transfer(transfer, enqueue=enqueue)


def _check(upload: ArchiveUpload, names: Sequence[ImportedName]) -> None:
    if not names:
        raise InvalidReference("no_archive_image_chosen")
    archived = {image["digest"] for image in upload.images or []}
    digests: dict[Reference, str] = {}
    for choice in names:
        # The digests come from a form, which anybody can change.
        if choice.digest not in archived:
            raise InvalidReference("archive_image_unknown")
        if choice.name.tag is None or choice.name.digest is not None:
            raise InvalidReference(
                "import_name_without_tag", name=choice.name.familiar, example=choice.name.name
            )

        # An image may have several names, but a name only one image.
        check_builtin_name(upload.team, choice.name)
        if digests.setdefault(choice.name, choice.digest) != choice.digest:
            raise InvalidReference("import_name_twice", name=choice.name.familiar)

    # The job discards the archive at its end, so a second one would lose it in the middle.
    running = Transfer.objects.filter(team=upload.team, kind=Kind.IMPORT, state__in=ACTIVE_STATES)
    if any(transfer.options.get("upload") == str(upload.pk) for transfer in running):
        raise InvalidReference("archive_import_running")
