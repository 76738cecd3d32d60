"""The services that create, cancel and retry transfers, for forms, commands and the API."""

from .controlling import cancel, retry, run_in_process
from .copying import start_copies, start_copy
from .deleting import start_delete, start_deletes
from .engines import start_engine_pull, start_engine_push, start_engine_tag, start_load, start_save
from .importing import ImportedName, start_import
from .pulling import start_pull, start_pulls
from .pushing import start_publish, start_push
from .tagging import start_retag, start_tag

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
