"""Rules from and to YAML: regsync's and skopeo sync's files are read, our own are read and written."""

from .exporting import export_rules
from .importing import Entry, Reading, create_entries, read_file

__all__ = ["Entry", "Reading", "create_entries", "export_rules", "read_file"]
