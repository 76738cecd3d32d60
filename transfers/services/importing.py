"""From an archive into the local images."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from registry_ui.accounts.models import User
from registry_ui.images.models import ArchiveUpload
from registry_ui.oci.errors import InvalidReference
from registry_ui.oci.reference import Reference
from registry_ui.registries.this_server import check_own_name

from ..models import ACTIVE_STATES, Kind, Transfer
from .rows import save


@dataclass(frozen=True, slots=True)
class ChosenName:
    """An image of the archive, by digest, and a name that it gets here."""

    digest: str
    name: Reference


def start_import(
    *, upload: ArchiveUpload, user: User | None, chosen: Sequence[ChosenName], enqueue: bool = True
) -> Transfer:
    """Bring images of an archive that was looked into here, each under the names chosen for it.

    Raises:
        OciError: nothing was chosen, one name for two images, an image that the archive lacks, or it is being imported already.
        PermissionDenied
    """
    _check(upload, chosen)
    names: dict[str, list[str]] = {}
    for choice in chosen:
        names.setdefault(choice.digest, []).append(str(choice.name))
    first = str(chosen[0].name)
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
            "images": [{"digest": digest, "names": under} for digest, under in names.items()],
        },
    )
    return save(transfer, enqueue=enqueue)


def _check(upload: ArchiveUpload, chosen: Sequence[ChosenName]) -> None:
    if not chosen:
        raise InvalidReference(
            _("No image was chosen."), advice=_("Give at least one of them a name.")
        )
    found = {image["digest"] for image in upload.found or []}
    digests: dict[Reference, str] = {}
    for choice in chosen:
        if choice.digest not in found:
            raise InvalidReference(
                _("The archive has no such image."), advice=_("Choose among those that it has.")
            )
        if choice.name.tag is None or choice.name.digest is not None:
            raise InvalidReference(
                _("%(name)s has no tag, or a digest.") % {"name": choice.name.familiar},
                advice=_("Write it as %(name)s:1.0, say.") % {"name": choice.name.name},
            )
        check_own_name(upload.team, choice.name)
        if digests.setdefault(choice.name, choice.digest) != choice.digest:
            raise InvalidReference(
                _("%(name)s stands there for two images.") % {"name": choice.name.familiar},
                advice=_("Give each image names of its own."),
            )
    running = Transfer.objects.filter(team=upload.team, kind=Kind.IMPORT, state__in=ACTIVE_STATES)
    if any(transfer.options.get("upload") == str(upload.pk) for transfer in running):
        raise InvalidReference(
            _("This archive is being imported already."), advice=_("Look at the page “Transfers”.")
        )
