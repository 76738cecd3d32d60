from registry_ui.jobs.models import ACTIVE_STATES, TERMINAL_STATES, State

from .hook import MirrorHook, MirrorPause
from .known_blob import KnownBlob
from .mirror import LOCAL, ConflictPolicy, Mirror, NotificationPolicy, RepositoryDrift
from .run import ItemAction, ItemState, MirrorItem, MirrorRun, Trigger, VerificationResult

__all__ = [
    "ACTIVE_STATES",
    "LOCAL",
    "TERMINAL_STATES",
    "ConflictPolicy",
    "ItemAction",
    "ItemState",
    "KnownBlob",
    "Mirror",
    "MirrorHook",
    "MirrorItem",
    "MirrorPause",
    "MirrorRun",
    "NotificationPolicy",
    "RepositoryDrift",
    "State",
    "Trigger",
    "VerificationResult",
]
