"""The forms that pull or delete selected tags of a repository."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _

from registry_ui.credentials.services import AmbiguousCredential, CredentialUnusable
from registry_ui.oci.errors import OciError
from registry_ui.oci.reference import Reference
from registry_ui.web.errors import describe

from ..deletion_plan import DeletionPlan
from ..login_choice import LoginChoice
from ..services.delete import DeletionTarget
from ..tag_selection import MAX_SELECTED_TAGS, TagSelection
from .base import NAME_INPUT, CredentialField, StartForm
from .platforms import PlatformForm


class TagSelectionForm(StartForm):
    """A form for selected tags, which all have the credential of their repository."""

    def __init__(self, *args: Any, selection: TagSelection, **kwargs: Any) -> None:
        self.selection = selection
        super().__init__(*args, team=selection.team, **kwargs)

    def login_reference(self) -> Reference | None:
        return self.selection.name

    def add_failure(self, exc: OciError) -> None:
        is_login_error = isinstance(exc, AmbiguousCredential | CredentialUnusable)
        field = "credential" if is_login_error and "credential" in self.fields else None
        self.add_error(field, str(describe(exc)))


# The platform applies to every selected tag; a tag without it fails alone.
class PullTagsForm(TagSelectionForm, PlatformForm):
    credential = CredentialField()

    def arguments(self) -> dict[str, Any]:
        return {
            "references": self.selection.references,
            "platform": self.selected_platform(),
            "credential": self.cleaned_data["credential"],
        }


class DeleteTagsForm(TagSelectionForm):
    """The form that deletes tags alone, or images with all of their tags.

    Args:
        mode: `tags` or `images`.
        login: the login for a push, which a deletion needs.
    """

    # Required only for more than one tag, so `clean` checks it.
    name = forms.CharField(required=False, max_length=300, widget=forms.TextInput(attrs=NAME_INPUT))
    seen = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)
    credential = CredentialField()

    def __init__(
        self, *args: Any, plan: DeletionPlan, mode: str, login: LoginChoice, **kwargs: Any
    ) -> None:
        self.plan = plan
        self.mode = mode
        self.login = login
        # Two of these forms are on one page, so the ids of their fields must differ.
        super().__init__(
            *args, auto_id=f"id_{mode}_%s", initial={"seen": plan.fingerprint}, **kwargs
        )

    @property
    def deleted_tags(self) -> Sequence[str]:
        return self.plan.tags if self.mode == "tags" else self.plan.all_tags

    @property
    def needs_confirmation(self) -> bool:
        """Return whether the user must type the repository's name."""
        return len(self.deleted_tags) > 1

    @property
    def button_label(self) -> str:
        # The button names what it deletes, so that nobody confirms by habit.
        tags, images = len(self.deleted_tags), len(self.plan.images)
        parameters = {"tag": self.deleted_tags[0] if tags else "", "tags": tags, "images": images}
        if self.mode == "tags":
            text = _("Delete the tag %(tag)s") if tags == 1 else _("Delete %(tags)d tags")
            return text % parameters

        if images > 1:
            return _("Delete %(images)d images and all of their %(tags)d tags") % parameters
        if tags > 1:
            return _("Delete the image and all of its %(tags)d tags") % parameters
        if tags:
            return _("Delete the image and its tag %(tag)s") % parameters
        return _("Delete the image")

    @property
    def problem(self) -> str:
        """The reason why this deletion is impossible, or an empty text."""
        if self.mode == "tags":
            if len(self.plan.tags) <= MAX_SELECTED_TAGS:
                return ""
            return _("At most %(count)d tags can be deleted at a time.") % {
                "count": MAX_SELECTED_TAGS
            }

        # The other tags of these images are unknown, so nobody could confirm their loss.
        if self.plan.unindexed_tags:
            return _(
                "Nobody has looked yet at what these tags name, so they can only be deleted "
                "alone: %(tags)s."
            ) % {"tags": _shorten(self.plan.unindexed_tags)}
        # Registries delete the parts of an index without a warning.
        if self.plan.broken_tags:
            return _(
                "These tags name an image index of which this is a part; without it they would be "
                "broken: %(tags)s."
            ) % {"tags": _shorten(self.plan.broken_tags)}
        return ""

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        # The worker checks the digests again; this one is for the user, who saw the old plan.
        if values.get("seen") and values["seen"] != self.plan.fingerprint:
            self.add_error(
                None,
                _(
                    "What these tags name has changed since this page was shown. Look at it again "
                    "before you go on."
                ),
            )
        elif self.problem:
            self.add_error(None, self.problem)

        repository = self.selection.repository
        if self.needs_confirmation and values.get("name", "").strip() != repository:
            self.add_error(
                "name",
                _("Type the repository's name exactly: %(name)s") % {"name": repository},
            )
        # A deletion without a login fails on every registry that asks for one to push.
        if self.login is not None and self.login.problem:
            self.add_error(None, self.login.problem)
        return values

    def arguments(self) -> dict[str, Any]:
        targets: list[DeletionTarget] = (
            self.plan.tag_targets() if self.mode == "tags" else self.plan.image_targets()
        )
        return {"targets": targets, "credential": self.cleaned_data["credential"]}


def _shorten(names: Sequence[str], limit: int = 10) -> str:
    more = f", … (+{len(names) - limit})" if len(names) > limit else ""
    return ", ".join(names[:limit]) + more
