from .listing import now, transfers
from .starting import login, publish, pull, push, retag, tag
from .watching import cancel, detail, progress, retry

__all__ = ["cancel", "detail", "login", "now", "progress", "publish", "pull", "push", "retag", "retry", "tag", "transfers"]
