"""The services that create, cancel and retry transfers, for forms, commands and the API."""

from .archive_import import ImportedName, start_import
from .control import cancel, retry, run_in_process
from .copy import start_copies, start_copy
from .delete import start_delete, start_deletes
from .engine import start_engine_pull, start_engine_push, start_engine_tag, start_load, start_save
from .pull import start_pull, start_pulls
from .push import start_publish, start_push
from .tag import start_retag, start_tag

__all__ = [
    "ImportedName",
    "cancel",
    "retry",
    "run_in_process",
    "start_copies",
    "start_copy",
    "start_delete",
    "start_deletes",
    "start_engine_pull",
    "start_engine_push",
    "start_engine_tag",
    "start_import",
    "start_load",
    "start_publish",
    "start_pull",
    "start_pulls",
    "start_push",
    "start_retag",
    "start_save",
    "start_tag",
]
