from .choosing import copy_tags, delete_tags, pull_tags
from .engines import engine_load, engine_pull, engine_push, engine_save, engine_tag
from .importing import import_archive
from .listing import now, transfers
from .starting import login, publish, pull, push, retag, tag
from .watching import cancel, detail, progress, retry

__all__ = [
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
    "now",
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
