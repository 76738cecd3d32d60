from .choosing import copy_tags, delete_tags, pull_tags
from .importing import import_archive
from .listing import now, transfers
from .starting import login, publish, pull, push, retag, tag
from .watching import cancel, detail, progress, retry

__all__ = [
    "cancel",
    "copy_tags",
    "delete_tags",
    "detail",
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
