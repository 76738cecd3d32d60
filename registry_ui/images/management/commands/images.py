import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from registry_ui.accounts.team_argument import find_team
from registry_ui.images.models import LocalImage
from registry_ui.oci.digest import Digest
from registry_ui.web.quantities import NOTHING, binary_size, relative

_NO_BREAK = "\N{NO-BREAK SPACE}"
_GAP = "   "


class Command(BaseCommand):
    help = "List the local images, one line a name, as `docker images` does."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", nargs="?", default="", help="only names that contain this text")
        parser.add_argument(
            "--team", help="the team's name or short name; not needed while there is only one"
        )
        form = parser.add_mutually_exclusive_group()
        form.add_argument(
            "-q", "--quiet", action="store_true", help="print image ids only, each once"
        )
        form.add_argument(
            "--json",
            action="store_true",
            help="print a JSON array with everything that is known of each name",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        rows = LocalImage.objects.filter(team=find_team(options["team"])).order_by(
            "-updated_at", "registry", "repository", "tag"
        )
        images = [
            image
            for image in rows
            if options["name"] in str(image.reference)
            or options["name"] in image.reference.familiar
        ]

        # Scripts read the JSON or the ids; the table is for people.
        if options["json"]:
            self.stdout.write(json.dumps([_document(image) for image in images], indent=2))
        elif options["quiet"]:
            for image_id in dict.fromkeys(image.image_id for image in images):
                self.stdout.write(Digest.parse(image_id).short)
        else:
            self._write_table(
                [
                    ("REPOSITORY", "TAG", "IMAGE ID", "CREATED", "SIZE"),
                    *(_cells(image) for image in images),
                ]
            )

    def _write_table(self, rows: list[tuple[str, ...]]) -> None:
        widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
        for row in rows:
            self.stdout.write(
                _GAP.join(
                    cell.ljust(width) for cell, width in zip(row, widths, strict=True)
                ).rstrip()
            )


def _cells(image: LocalImage) -> tuple[str, ...]:
    # docker's column REPOSITORY has the familiar name without tag and digest.
    suffix = f":{image.tag}" if image.tag else f"@{image.digest}"
    created = (
        relative(image.image_created_at, timezone.now()) if image.image_created_at else NOTHING
    )
    cells = (
        image.reference.familiar.removesuffix(suffix),
        image.tag or "<none>",
        Digest.parse(image.image_id).short,
        created,
        binary_size(image.size),
    )

    # The pages use no-break spaces, which a terminal may not align.
    return tuple(cell.replace(_NO_BREAK, " ") for cell in cells)


def _document(image: LocalImage) -> dict[str, Any]:
    return {
        "name": str(image.reference),
        "registry": image.registry,
        "repository": image.repository,
        "tag": image.tag,
        "image_id": image.image_id,
        "digest": image.digest,
        "source_digest": image.source_digest,
        "media_type": image.media_type,
        "platforms": image.platforms,
        "size": image.size,
        "created": image.image_created_at.isoformat() if image.image_created_at else None,
        "named": image.updated_at.isoformat(),
        "origin": image.origin,
    }
