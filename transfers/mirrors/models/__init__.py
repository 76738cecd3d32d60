from registry_ui.jobs.models import ACTIVE_STATES, TERMINAL_STATES, State

from .known_blob import KnownBlob
from .mirror import LOCAL, ConflictPolicy, Mirror, NotificationPolicy, RepositoryDrift
from .run import ItemAction, ItemState, MirrorItem, MirrorRun, Trigger, VerificationResult
from .webhook import MirrorPause, MirrorWebhook

__all__ = [
    "ACTIVE_STATES",
    "LOCAL",
    "TERMINAL_STATES",
    "ConflictPolicy",
    "ItemAction",
    "ItemState",
    "KnownBlob",
    "Mirror",
    "MirrorItem",
    "MirrorPause",
    "MirrorRun",
    "MirrorWebhook",
    "NotificationPolicy",
    "RepositoryDrift",
    "State",
    "Trigger",
    "VerificationResult",
]
