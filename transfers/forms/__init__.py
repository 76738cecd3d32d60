from .choosing import DeleteTagsForm, PullTagsForm
from .copying import CopyTagsForm
from .filtering import FilterForm
from .naming import ReferenceField, StartForm
from .publishing import PublishForm
from .starting import PullForm, PushForm, RetagForm, TagForm

__all__ = [
    "CopyTagsForm",
    "DeleteTagsForm",
    "FilterForm",
    "PublishForm",
    "PullForm",
    "PullTagsForm",
    "PushForm",
    "ReferenceField",
    "RetagForm",
    "StartForm",
    "TagForm",
]
