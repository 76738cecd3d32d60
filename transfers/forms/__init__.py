from .filtering import FilterForm
from .naming import ReferenceField, StartForm
from .publishing import PublishForm
from .starting import USUAL_PLATFORMS, PullForm, PushForm, RetagForm, TagForm

__all__ = ["USUAL_PLATFORMS", "FilterForm", "PublishForm", "PullForm", "PushForm", "ReferenceField", "RetagForm", "StartForm", "TagForm"]
