from .archive_import import import_archive
from .engine_forms import engine_load, engine_pull, engine_push, engine_save, engine_tag
from .start_forms import login, publish, pull, push, retag, tag
from .tag_selection import copy_tags, delete_tags, pull_tags
from .transfer_list import active_transfers, transfers
from .transfer_page import cancel, detail, progress, retry

__all__ = [
    "active_transfers",
    "cancel",
    "copy_tags",
    "delete_tags",
    "detail",
    "engine_load",
    "engine_pull",
    "engine_push",
    "engine_save",
    "engine_tag",
    "import_archive",
    "login",
    "progress",
    "publish",
    "pull",
    "pull_tags",
    "push",
    "retag",
    "retry",
    "tag",
    "transfers",
]
