"""YAML files of mirrors.

regsync's and skopeo sync's files are read; the project's own format is read and written.
"""

from .entry import Entry
from .exporter import export_mirrors
from .importer import ParsedFile, create_entries, read_file

__all__ = ["Entry", "ParsedFile", "create_entries", "export_mirrors", "read_file"]
