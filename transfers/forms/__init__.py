from .base import ReferenceField, StartForm
from .copy_tags import CopyTagsForm
from .engine import EnginePullForm, EnginePushForm, EngineTagForm, LoadForm, SaveForm
from .publish import PublishForm
from .start import PullForm, PushForm, RetagForm, TagForm
from .tag_selection import DeleteTagsForm, PullTagsForm
from .transfer_filter import FilterForm

__all__ = [
    "CopyTagsForm",
    "DeleteTagsForm",
    "EnginePullForm",
    "EnginePushForm",
    "EngineTagForm",
    "FilterForm",
    "LoadForm",
    "PublishForm",
    "PullForm",
    "PullTagsForm",
    "PushForm",
    "ReferenceField",
    "RetagForm",
    "SaveForm",
    "StartForm",
    "TagForm",
]
