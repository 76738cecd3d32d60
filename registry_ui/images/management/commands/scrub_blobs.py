import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from registry_ui.images.scrub import ScrubReport, scrub
from registry_ui.oci.digest import Digest
from registry_ui.oci.errors import OciError
from registry_ui.web.errors import describe
from registry_ui.web.quantities import binary_size


class Command(BaseCommand):
    help = (
        "Read every blob again and compare it with its digest; report where files and rows "
        "differ. Exits with 1 if not all is well."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--repair",
            action="store_true",
            help="remove what is damaged for good, and the rows of lost blobs: the next pull "
            "fetches them",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            report = scrub(
                repair=options["repair"],
                on_blob=self._write_blob if options["verbosity"] > 1 else lambda digest, size: None,
            )
        except OciError as exc:
            raise CommandError(str(describe(exc))) from exc
        self._report(report, options["repair"])
        if not report.is_clean and not options["repair"]:
            # The status lets a scheduled job report damage.
            sys.exit(1)

    def _write_blob(self, digest: Digest, size: int) -> None:
        self.stdout.write(f"{digest} {size}")

    def _report(self, report: ScrubReport, repaired: bool) -> None:
        write = self.stdout.write
        write(
            _("Read %(count)d blobs: %(size)s.")
            % {"count": report.checked, "size": binary_size(report.checked_bytes)}
        )
        result = _("removed") if repaired else _("put into quarantine")

        for digest in report.damaged:
            write(_("Damaged, %(result)s: %(digest)s") % {"result": result, "digest": digest})
            self._write_affected(report, digest)

        for digest in report.missing:
            write(_("In the database, but not on the disk: %(digest)s") % {"digest": digest})
            self._write_affected(report, digest)

        # Only a person can decide what such a file is for.
        for path in report.foreign_files:
            write(_("Not a blob, remove it by hand: %(path)s") % {"path": path})

        if report.orphaned:
            write(
                _("On the disk, but not in the database: %(count)d; collect_blobs removes them.")
                % {"count": len(report.orphaned)}
            )

        if report.affected:
            write(_("Pull these images again: only what is missing is fetched."))
        elif report.is_clean:
            write(_("Every blob is what its name says."))

    def _write_affected(self, report: ScrubReport, digest: Digest) -> None:
        for image in report.affected.get(digest, []):
            self.stdout.write(
                _("    needed by %(name)s (team %(team)s)")
                % {"name": image.reference, "team": image.team.slug}
            )
