from registry_ui.jobs.models import ACTIVE_STATES, TERMINAL_STATES, State

from .known import KnownBlob
from .mirrors import LOCAL, ConflictPolicy, Mirror, MirrorPair, NotificationPolicy
from .notices import Notice, NoticeKind, NotificationChannel
from .runs import ItemAction, ItemState, MirrorItem, MirrorRun, Trigger, VerificationResult
from .transfer import Kind, Transfer, transfer_finished
from .triggers import MirrorHook, MirrorPause

__all__ = [
    "ACTIVE_STATES",
    "LOCAL",
    "TERMINAL_STATES",
    "ConflictPolicy",
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
    "NotificationPolicy",
    "State",
    "Transfer",
    "Trigger",
    "VerificationResult",
    "transfer_finished",
]
