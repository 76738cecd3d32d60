from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from registry_ui.accounts.models import Team, User
from registry_ui.oci.errors import OciError
from registry_ui.oci.reference import Reference

from ..indexing.services import LookedUp, look_up
from ..models import Registry, Tag

_MOST_OTHERS = 12
_INPUT = {
    "autocomplete": "off",
    "autocapitalize": "none",
    "spellcheck": "false",
    "class": "mono",
    "placeholder": "nginx:1.27-alpine",
}


class CompareForm(forms.Form):
    """Two names of images on registries that the person's teams know."""

    left = forms.CharField(
        label=_("This image"), max_length=500, widget=forms.TextInput(attrs=_INPUT)
    )
    right = forms.CharField(
        label=_("Compared with"), max_length=500, widget=forms.TextInput(attrs=_INPUT)
    )

    def __init__(self, *args: Any, user: User, team: Team | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._user, self._team = user, team

    def clean_left(self) -> Reference:
        return _parsed(self.cleaned_data["left"])

    def clean_right(self) -> Reference:
        return _parsed(self.cleaned_data["right"])

    def found(self) -> list[LookedUp]:
        """What the valid names stand for, left and right; an image that is not there is an error of its field."""
        sides = {
            side: self.cleaned_data[side] for side in ("left", "right") if side in self.cleaned_data
        }
        registries = self._registries({reference.registry for reference in sides.values()})
        found = []
        for side, reference in sides.items():
            registry = registries.get(reference.registry)
            if registry is None:
                self.add_error(side, _no_registry(reference))
                continue
            try:
                looked_up = look_up(
                    registry=registry,
                    repository=reference.repository,
                    identifier=reference.identifier,
                )
            except OciError as exc:
                self.add_error(side, f"{exc.message} {exc.advice}".strip())
                continue
            looked_up.repository.registry = registry
            found.append(looked_up)
        return found

    def others(self) -> list[Tag]:
        """Tags to compare with while only the left name is known: the latest of its repository that name something else."""
        try:
            reference = Reference.parse(str(self["left"].value() or ""))
        except OciError:
            return []
        registry = self._registries({reference.registry}).get(reference.registry)
        if registry is None or self["right"].value():
            return []
        tags = Tag.objects.filter(
            repository__registry=registry, repository__name=reference.repository
        )
        same = (
            tags.filter(name=reference.tag).values("digest")
            if reference.tag
            else [str(reference.digest)]
        )
        others = (
            tags.exclude(digest__in=same)
            .exclude(digest="")
            .select_related("repository", "repository__registry")
        )
        return list(others.order_by("-built_at", "-id")[:_MOST_OTHERS])

    def _registries(self, hosts: set[str]) -> dict[str, Registry]:
        """By host: the current team's before those of the person's other teams."""
        rows = Registry.objects.visible_to(self._user).filter(host__in=hosts).select_related("team")
        current = self._team.pk if self._team else None
        return {
            registry.host: registry
            for registry in sorted(rows, key=lambda registry: registry.team_id == current)
        }


def _parsed(text: str) -> Reference:
    try:
        return Reference.parse(text)
    except OciError as exc:
        raise ValidationError(
            f"{exc.message} {exc.advice}".strip(), code=type(exc).__name__
        ) from exc


def _no_registry(reference: Reference) -> str:
    return _("No registry of your team has the host %(host)s. Add it to the registries first.") % {
        "host": reference.registry
    }
