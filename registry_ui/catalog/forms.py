from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from registry_ui.accounts.models import Team, User
from registry_ui.oci.errors import OciError
from registry_ui.oci.reference import Reference
from registry_ui.registries.models import Registry
from registry_ui.web.errors import describe

from .indexing.index_services import ResolvedArtifact, resolve_artifact
from .models import Tag

_MAX_OTHERS = 12
_INPUT = {
    "autocomplete": "off",
    "autocapitalize": "none",
    "spellcheck": "false",
    "class": "mono",
    "placeholder": "nginx:1.27-alpine",
}


class CompareForm(forms.Form):
    """A form for two images on registries that the person may see."""

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

    def resolve(self) -> list[ResolvedArtifact]:
        """Return the artifacts of the valid fields, and add an error to the other fields."""
        sides = {
            side: self.cleaned_data[side] for side in ("left", "right") if side in self.cleaned_data
        }
        # One query for both sides.
        registries = self._registries({reference.registry for reference in sides.values()})

        artifacts = []
        for side, reference in sides.items():
            registry = registries.get(reference.registry)
            if registry is None:
                self.add_error(side, _no_registry(reference))
                continue

            try:
                artifact = resolve_artifact(
                    registry=registry,
                    repository=reference.repository,
                    identifier=reference.identifier,
                )
            except OciError as exc:
                self.add_error(side, str(describe(exc)))
                continue
            # The row was read without its registry, and the page needs its host.
            artifact.repository.registry = registry
            artifacts.append(artifact)
        return artifacts

    def others(self) -> list[Tag]:
        """Return tags to compare with the left image: the latest of its repository."""
        try:
            reference = Reference.parse(str(self["left"].value() or ""))
        except OciError:
            return []
        registry = self._registries({reference.registry}).get(reference.registry)
        # With both names the person has chosen already.
        if registry is None or self["right"].value():
            return []

        tags = Tag.objects.filter(
            repository__registry=registry, repository__name=reference.repository
        )
        # Tags of the same digest have nothing to compare.
        same: Any = [str(reference.digest)]
        if reference.tag:
            same = tags.filter(name=reference.tag).values("digest")
        others = (
            tags.exclude(digest__in=same)
            .exclude(digest="")
            .select_related("repository", "repository__registry")
        )
        return list(others.order_by("-built_at", "-id")[:_MAX_OTHERS])

    def _registries(self, hosts: set[str]) -> dict[str, Registry]:
        """Return visible registries by host, preferably the current team's."""
        rows = Registry.objects.visible_to(self._user).filter(host__in=hosts).select_related("team")
        current = self._team.pk if self._team else None
        # Of two registries of a host, the later one stays in the dictionary.
        rows_by_preference = sorted(rows, key=lambda registry: registry.team_id == current)
        return {registry.host: registry for registry in rows_by_preference}


def _parsed(text: str) -> Reference:
    try:
        return Reference.parse(text)
    except OciError as exc:
        raise ValidationError(str(describe(exc)), code=type(exc).__name__) from exc


def _no_registry(reference: Reference) -> str:
    return _("No registry of your team has the host %(host)s. Add it to the registries first.") % {
        "host": reference.registry
    }
