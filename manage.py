#!/usr/bin/env python
import os
import sys


def main() -> None:
    # The database and the images are for this user only, also in a folder that others may read.
    os.umask(0o077)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "registry_ui.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
