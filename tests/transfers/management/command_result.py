"""A transfer command's output, for comparison with docker's."""

import io

from django.core.management import call_command

from registry_ui.oci.digest import Digest


class CommandResult:
    """The output of a command on both streams, and its exit status."""

    def __init__(self, *arguments):
        out, err = io.StringIO(), io.StringIO()
        try:
            call_command(*arguments, stdout=out, stderr=err)
            self.status = 0
        except SystemExit as exc:
            self.status = exc.code
        self.out, self.err = out.getvalue(), err.getvalue()


def short_digests(digests):
    return [Digest.parse(digest).short for digest in digests]
