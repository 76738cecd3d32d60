"""The forms of what is done to tags that were chosen in a list."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _

from registry_ui.oci.errors import OciError
from registry_ui.oci.reference import Reference
from registry_ui.registries.services import AmbiguousCredential, CredentialUnfit

from ..chosen import MOST_TAGS, Chosen
from ..deletion import Plan
from ..logins import Login
from ..services.deleting import Doomed
from .naming import NAME_INPUT, CredentialField, StartForm, sentence
from .platforms import PlatformForm


class ChosenForm(StartForm):
    """One credential serves all of them: patterns are about repositories, not about tags."""

    def __init__(self, *args: Any, chosen: Chosen, **kwargs: Any) -> None:
        self.chosen = chosen
        super().__init__(*args, team=chosen.team, **kwargs)

    def login_reference(self) -> Reference | None:
        return self.chosen.name

    def add_failure(self, exc: OciError) -> None:
        about_login = isinstance(exc, AmbiguousCredential | CredentialUnfit)
        self.add_error(
            "credential" if about_login and "credential" in self.fields else None, sentence(exc)
        )


class PullTagsForm(ChosenForm, PlatformForm):
    credential = CredentialField()

    def arguments(self) -> dict[str, Any]:
        credential = self.cleaned_data["credential"]
        return {
            "references": self.chosen.references,
            "platform": self.chosen_platform(),
            "credential": credential,
        }


class DeleteTagsForm(ChosenForm):
    """Tags alone, or images with every tag that names them: each way has a button and a form of its own.

    Args:
        way: `tags` or `images`.
        login: how it will log in, for pushing.
    """

    name = forms.CharField(required=False, max_length=300, widget=forms.TextInput(attrs=NAME_INPUT))
    seen = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)
    credential = CredentialField()

    def __init__(self, *args: Any, plan: Plan, way: str, login: Login, **kwargs: Any) -> None:
        self.plan = plan
        self.way = way
        self.login = login
        super().__init__(
            *args, auto_id=f"id_{way}_%s", initial={"seen": plan.fingerprint}, **kwargs
        )

    @property
    def affected(self) -> Sequence[str]:
        """The tags that go."""
        return self.plan.tags if self.way == "tags" else self.plan.all_tags

    @property
    def wants_name(self) -> bool:
        return len(self.affected) > 1

    @property
    def verdict(self) -> str:
        """What the button does, by name and number."""
        tags, images = len(self.affected), len(self.plan.images)
        words = {"tag": self.affected[0] if tags else "", "tags": tags, "images": images}
        if self.way == "tags":
            return (
                _("Delete the tag %(tag)s") % words
                if tags == 1
                else _("Delete %(tags)d tags") % words
            )
        if images > 1:
            return _("Delete %(images)d images and all of their %(tags)d tags") % words
        if tags > 1:
            return _("Delete the image and all of its %(tags)d tags") % words
        return _("Delete the image and its tag %(tag)s") % words if tags else _("Delete the image")

    @property
    def obstacle(self) -> str:
        """Why it cannot be done this way; empty where it can."""
        if self.way == "tags":
            return (
                ""
                if len(self.plan.tags) <= MOST_TAGS
                else _("At most %(count)d tags can be deleted at a time.") % {"count": MOST_TAGS}
            )
        if self.plan.unseen:
            words = {"tags": _some(self.plan.unseen)}
            return (
                _(
                    "Nobody has looked yet at what these tags name, so they can only be deleted alone: %(tags)s."
                )
                % words
            )
        if self.plan.broken:
            words = {"tags": _some(self.plan.broken)}
            return (
                _(
                    "These tags name an image index of which this is a part; without it they would be broken: %(tags)s."
                )
                % words
            )
        return ""

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if values.get("seen") and values["seen"] != self.plan.fingerprint:
            self.add_error(
                None,
                _(
                    "What these tags name has changed since this page was shown. Look at it again before you go on."
                ),
            )
        elif self.obstacle:
            self.add_error(None, self.obstacle)
        if self.wants_name and values.get("name", "").strip() != self.chosen.repository:
            self.add_error(
                "name",
                _("Type the repository's name exactly: %(name)s")
                % {"name": self.chosen.repository},
            )
        if self.login is not None and self.login.problem:
            self.add_error(None, self.login.problem)
        return values

    def arguments(self) -> dict[str, Any]:
        doomed: list[Doomed] = (
            self.plan.doomed_tags() if self.way == "tags" else self.plan.doomed_images()
        )
        return {"doomed": doomed, "credential": self.cleaned_data["credential"]}


def _some(names: Sequence[str], most: int = 10) -> str:
    more = f", … (+{len(names) - most})" if len(names) > most else ""
    return ", ".join(names[:most]) + more
