from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from registry_ui.images.garbage_collection import collect
from registry_ui.oci.errors import OciError
from registry_ui.web.errors import describe
from registry_ui.web.quantities import binary_size


class Command(BaseCommand):
    help = (
        "Remove the blobs that no image has needed for the grace period, and what broken "
        "transfers left."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--grace-hours",
            type=float,
            default=settings.COLLECT_GRACE_SECONDS / 3600,
            help="hours for which an unneeded blob stays (default: %(default)s). Keep it longer "
            "than the longest transfer: 0 is for a"
            " machine on which none runs",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["grace_hours"] < 0:
            raise CommandError(_("The grace period cannot be negative."))

        try:
            collected = collect(grace_seconds=options["grace_hours"] * 3600)
        except OciError as exc:
            raise CommandError(str(describe(exc))) from exc

        # Blobs and leftovers are reported apart: only blobs were ever usable.
        parameters = {"count": collected.count, "size": binary_size(collected.bytes)}
        self.stdout.write(_("Removed %(count)d blobs: %(size)s.") % parameters)
        if collected.leftovers:
            parameters = {
                "count": collected.leftovers,
                "size": binary_size(collected.leftover_bytes),
            }
            self.stdout.write(
                _("Removed %(count)d partial or damaged files: %(size)s.") % parameters
            )
