import hashlib
import os
import sys
from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from registry_ui.accounts.audit.log import record
from registry_ui.accounts.models import Action, Team
from registry_ui.accounts.team_argument import find_team
from registry_ui.images.archives.exports import Export, export_images
from registry_ui.images.models import LocalImage
from registry_ui.images.services import find_image
from registry_ui.oci.errors import OciError
from registry_ui.oci.manifest import Platform
from registry_ui.oci.reference import Reference
from registry_ui.web.errors import describe
from registry_ui.web.quantities import binary_size
from transfers.mirrors.archive import archive_images

from ..run_output import find_mirror, pull_to_local


class Command(BaseCommand):
    help = (
        "Write local images into one archive, which docker load, podman load, skopeo and "
        "import_images read."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "names", nargs="*", metavar="NAME", help=_("local images, as `images` lists them")
        )
        parser.add_argument(
            "--mirror",
            metavar="NAME",
            help=_(
                "also all that this mirror selects; where it does not keep that here, it is "
                "brought here first"
            ),
        )
        parser.add_argument(
            "-o",
            "--output",
            required=True,
            metavar="FILE",
            help=_("the archive; - writes it to the standard output"),
        )
        parser.add_argument(
            "--platform",
            action="append",
            default=[],
            help=_(
                "only this one, such as linux/arm64; may be given more than once; all by default"
            ),
        )
        parser.add_argument(
            "--team", help=_("the team's name or short name; not needed while there is only one")
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            images = self._selected_images(
                find_team(options["team"]), options["names"], options["mirror"]
            )
            export = export_images(
                images=images, platforms=[Platform.parse(text) for text in options["platform"]]
            )
            if options["output"] == "-":
                self._write(export, sys.stdout.buffer.write)
            else:
                self._write_file(export, Path(options["output"]))
        except OciError as exc:
            raise CommandError(str(describe(exc))) from exc
        except OSError as exc:
            raise CommandError(
                _("%(file)s cannot be written: %(reason)s.")
                % {"file": options["output"], "reason": exc.strerror}
            ) from exc

        names = ", ".join(image.reference.familiar for image in images)
        record(Action.IMAGE_EXPORTED, team=export.store.team, name=names, bytes=export.archive.size)

    def _selected_images(
        self, team: Team, names: list[str], mirror_name: str | None
    ) -> list[LocalImage]:
        """Return the named images and those of the mirror, each once.

        Raises:
            OciError
        """
        images = [find_image(team, Reference.parse(name)) for name in names]
        if mirror_name:
            mirror = find_mirror(team, mirror_name)
            # A mirror between registries keeps nothing here, so its images are pulled first.
            if not mirror.is_local:
                pull_to_local(self, mirror)
            images += archive_images(mirror)
        return list({image.pk: image for image in images}.values())

    def _write_file(self, export: Export, path: Path) -> None:
        """Write the archive and a file with its SHA-256."""
        # An incomplete archive must not have the name that other tools wait for.
        partial = path.with_name(f"{path.name}.part")
        try:
            with partial.open("wb") as file:
                checksum = self._write(export, file.write)
                file.flush()
                os.fsync(file.fileno())
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)

        # In the format of sha256sum; import_images reads the file too.
        path.with_name(f"{path.name}.sha256").write_text(f"{checksum}  {path.name}\n")
        parameters = {
            "file": path,
            "size": binary_size(export.archive.size).replace("\N{NO-BREAK SPACE}", " "),
            "checksum": checksum,
        }
        self.stdout.write(_("%(file)s: %(size)s, sha256:%(checksum)s") % parameters)

    def _write(self, export: Export, write: Callable[[bytes], Any]) -> str:
        """Write the archive's bytes and return their SHA-256."""
        hasher, written, shown = hashlib.sha256(), 0, -1
        for chunk in export.archive.read(export.store.open_blob):
            write(chunk)
            hasher.update(chunk)
            written += len(chunk)

            # The archive itself may be on the standard output.
            percent = written * 100 // export.archive.size
            if percent != shown and self.stderr.isatty():
                shown = percent
                self.stderr.write(f"\r{percent:3d} %", ending="\n" if percent == 100 else "")
        return hasher.hexdigest()
