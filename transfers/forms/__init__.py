from .choosing import DeleteTagsForm, PullTagsForm
from .copying import CopyTagsForm
from .engines import EnginePullForm, EnginePushForm, EngineTagForm, LoadForm, SaveForm
from .filtering import FilterForm
from .naming import ReferenceField, StartForm
from .publishing import PublishForm
from .starting import PullForm, PushForm, RetagForm, TagForm

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
