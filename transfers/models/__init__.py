from registry_ui.jobs.models import ACTIVE_STATES, TERMINAL_STATES, State

from .known import KnownBlob
from .mirrors import LOCAL, Existing, Mirror, MirrorPair, Notify
from .notices import Notice, NoticeKind, NotificationChannel
from .runs import ItemAction, ItemState, MirrorItem, MirrorRun, Trigger, Verdict
from .transfer import Kind, Transfer
from .triggers import MirrorHook, MirrorPause

__all__ = [
    "ACTIVE_STATES",
    "LOCAL",
    "TERMINAL_STATES",
    "Existing",
    "ItemAction",
    "ItemState",
    "Kind",
    "KnownBlob",
    "Mirror",
    "MirrorHook",
    "MirrorItem",
    "MirrorPair",
    "MirrorPause",
    "MirrorRun",
    "Notice",
    "NoticeKind",
    "NotificationChannel",
    "Notify",
    "State",
    "Transfer",
    "Trigger",
    "Verdict",
]
