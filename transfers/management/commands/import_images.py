import sys
from argparse import ArgumentParser
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from registry_ui.accounts.models import Team
from registry_ui.images.archives.uploads import discard, look, spooled, upload_on_disk
from registry_ui.images.models import ArchiveUpload
from registry_ui.oci.errors import InvalidReference, OciError
from registry_ui.oci.reference import Reference
from registry_ui.web.quantities import binary_size
from transfers import services
from transfers.forms.importing import placed_name

from ..running import TransferCommand


class Command(TransferCommand):
    help = "Bring images from an archive into the local images: an OCI layout, or what docker save wrote; tar or tar.gz."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", help=_("the archive; - reads it from the standard input"))
        parser.add_argument(
            "--name",
            action="append",
            default=[],
            metavar="[FOUND=]NAME",
            help=_(
                "the name here, of the only image, or of one that the archive names; with it only the named ones come in"
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

    def act(self, team: Team, options: dict[str, Any]) -> None:
        upload = _upload(team, options)
        try:
            look(upload)
            if options["list"]:
                self._list(upload)
                return
            chosen = _chosen(upload, options["name"], options["prefix"])
            transfer = services.start_import(upload=upload, user=None, chosen=chosen, enqueue=False)
            self.finish(transfer, {"detach": False, "now": True})
        finally:
            discard(upload)

    def _list(self, upload: ArchiveUpload) -> None:
        for image in upload.found or []:
            names = ", ".join(image["names"]) or image["tag"] or _("without a name")
            platforms = ", ".join(image["platforms"]) or "-"
            self.stdout.write(
                f"{image['digest']}  {platforms}  {binary_size(image['size'])}  {names}".replace(
                    "\N{NO-BREAK SPACE}", " "
                )
            )


def _upload(team: Team, options: dict[str, Any]) -> ArchiveUpload:
    if options["file"] == "-":
        return spooled(team=team, read=sys.stdin.buffer.read, sha256=options["sha256"])
    path = Path(options["file"])
    if not path.is_file():
        raise InvalidReference(_("There is no file %(path)s.") % {"path": path})
    beside = path.with_name(f"{path.name}.sha256")
    sha256 = options["sha256"] or (
        beside.read_text(errors="replace")[:400] if beside.is_file() else ""
    )
    return upload_on_disk(team=team, path=path, sha256=sha256)


def _chosen(upload: ArchiveUpload, wishes: list[str], prefix: str) -> list[services.ChosenName]:
    found = [(image["digest"], name) for image in upload.found or [] for name in image["names"]]
    if wishes:
        return [
            _wish(upload, dict(reversed([(name, digest) for digest, name in found])), wish)
            for wish in wishes
        ]
    nameless = [image for image in upload.found or [] if not image["names"]]
    if nameless:
        raise InvalidReference(
            _("An image of the archive has no name."),
            advice=_("Give it one: --name app:1.0, or --name DIGEST=app:1.0."),
        )
    return [
        services.ChosenName(digest, placed_name(prefix.rstrip("/"), Reference.parse(name)))
        for digest, name in found
    ]


def _wish(upload: ArchiveUpload, digests: dict[str, str], wish: str) -> services.ChosenName:
    old, equals, new = wish.rpartition("=")
    images = upload.found or []
    if not equals:
        if len(images) > 1:
            names = ", ".join(digests)
            raise InvalidReference(
                _("The archive holds several images."),
                advice=_("Say which: --name FOUND=%(new)s. There are: %(names)s.")
                % {"new": new, "names": names},
            )
        return services.ChosenName(images[0]["digest"], Reference.parse(new))
    digest = next((image["digest"] for image in images if image["digest"] == old), "")
    with suppress(OciError):
        digest = digest or digests.get(str(Reference.parse(old)), "")
    if not digest:
        raise InvalidReference(
            _("The archive has no image %(name)s.") % {"name": old},
            advice=_("--list prints those that it has."),
        )
    return services.ChosenName(digest, Reference.parse(new))
