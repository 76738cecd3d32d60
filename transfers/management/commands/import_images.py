import sys
from argparse import ArgumentParser
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from registry_ui.accounts.models import Team
from registry_ui.images.archives.archive_uploads import (
    discard_upload,
    inspect_upload,
    register_file,
    spool_upload,
)
from registry_ui.images.models import ArchiveUpload
from registry_ui.oci.errors import InvalidReference, OciError
from registry_ui.oci.reference import Reference
from registry_ui.web.quantities import binary_size
from transfers import services
from transfers.forms.archive_import import prefixed_name

from ..transfer_command import TransferCommand


class Command(TransferCommand):
    help = (
        "Bring images from an archive into the local images: an OCI layout, or what docker save "
        "wrote; tar or tar.gz."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", help=_("the archive; - reads it from the standard input"))

        parser.add_argument(
            "--name",
            action="append",
            default=[],
            metavar="[FOUND=]NAME",
            help=_(
                "the name here, of the only image, or of one that the archive names; with it only "
                "the named ones come in"
            ),
        )
        parser.add_argument(
            "--prefix",
            default="",
            help=_("put all names under this registry and path: registry.example.com/team"),
        )
        parser.add_argument(
            "--sha256",
            default="",
            help=_("what the file's SHA-256 has to be; FILE.sha256 is read where it lies beside"),
        )
        parser.add_argument(
            "--list", action="store_true", help=_("only print what the archive holds")
        )

        self.add_team_argument(parser)

    def perform(self, team: Team, options: dict[str, Any]) -> None:
        upload = _upload(team, options)
        # The import runs in this process: a worker may not have access to the file.
        try:
            inspect_upload(upload)
            if options["list"]:
                self._list(upload)
                return
            names = _imported_names(upload, options["name"], options["prefix"])
            transfer = services.start_import(upload=upload, user=None, names=names, enqueue=False)
            self.finish(transfer, {"detach": False, "now": True})
        finally:
            discard_upload(upload)

    def _list(self, upload: ArchiveUpload) -> None:
        for image in upload.images or []:
            names = ", ".join(image["names"]) or image["tag"] or _("without a name")
            platforms = ", ".join(image["platforms"]) or "-"
            # Scripts split the line at plain spaces, and a size has a no-break space.
            self.stdout.write(
                f"{image['digest']}  {platforms}  {binary_size(image['size'])}  {names}".replace(
                    "\N{NO-BREAK SPACE}", " "
                )
            )


def _upload(team: Team, options: dict[str, Any]) -> ArchiveUpload:
    # A pipe cannot be read twice, so it is stored first.
    if options["file"] == "-":
        return spool_upload(team=team, read=sys.stdin.buffer.read, sha256=options["sha256"])
    path = Path(options["file"])
    if not path.is_file():
        raise InvalidReference("file_missing", path=path)

    sha256 = options["sha256"]
    checksum_file = path.with_name(f"{path.name}.sha256")
    if not sha256 and checksum_file.is_file():
        sha256 = checksum_file.read_text(errors="replace")[:400]
    return register_file(team=team, path=path, sha256=sha256)


def _imported_names(
    upload: ArchiveUpload, options: list[str], prefix: str
) -> list[services.ImportedName]:
    """Return the images to import: those of the `--name` options, or else all of the archive."""
    images = upload.images or []
    names = [(image["digest"], name) for image in images for name in image["names"]]
    if options:
        # The first of several images with one name counts.
        digests = {name: digest for digest, name in reversed(names)}
        return [_parse_name_option(upload, digests, option) for option in options]

    # Without a name an image would be invisible in the local images.
    if any(not image["names"] for image in images):
        raise InvalidReference("archive_image_without_name")
    return [
        services.ImportedName(digest, prefixed_name(prefix.rstrip("/"), Reference.parse(name)))
        for digest, name in names
    ]


def _parse_name_option(
    upload: ArchiveUpload, digests: dict[str, str], option: str
) -> services.ImportedName:
    """Parse an option of the form `[FOUND=]NAME`, where FOUND is a name or a digest."""
    old, equals, new = option.rpartition("=")
    images = upload.images or []
    if not equals:
        if len(images) > 1:
            raise InvalidReference("archive_has_several_images", new=new, names=list(digests))
        return services.ImportedName(images[0]["digest"], Reference.parse(new))

    # The text can be a digest or a name, which is compared in its canonical form.
    digest = next((image["digest"] for image in images if image["digest"] == old), "")
    with suppress(OciError):
        digest = digest or digests.get(str(Reference.parse(old)), "")
    if not digest:
        raise InvalidReference("archive_name_unknown", name=old)
    return services.ImportedName(digest, Reference.parse(new))
