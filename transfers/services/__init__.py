"""The verbs: what a form, the command line and later the API ask for. Each makes one row a transfer; a worker does the rest."""

from .controlling import cancel, retry, run_here
from .copying import start_copies, start_copy
from .deleting import start_delete, start_deletes
from .engines import start_engine_pull, start_engine_push, start_engine_tag, start_load, start_save
from .importing import ChosenName, start_import
from .pulling import start_pull, start_pulls
from .pushing import start_publish, start_push
from .tagging import start_retag, start_tag

__all__ = [
    "ChosenName",
    "cancel",
    "retry",
    "run_here",
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
