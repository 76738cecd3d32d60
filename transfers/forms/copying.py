"""Chosen tags to another registry or repository: where to, under which names, and what that overwrites."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from registry_ui.oci.errors import OciError
from registry_ui.oci.reference import (
    DEFAULT_NAMESPACE,
    DOCKER_HUB,
    Reference,
    check_repository,
    check_tag,
)
from registry_ui.registries.models import Credential, Registry, Repository, Tag
from registry_ui.registries.services import AmbiguousCredential, CredentialUnfit

from ..chosen import Chosen
from ..logins import Login, login_for
from .choosing import ChosenForm
from .naming import NAME_INPUT, CredentialField, checked, parsed, sentence
from .platforms import PlatformForm
from .publishing import namespace_of


@dataclass(frozen=True, slots=True)
class Planned:
    """One copy: `standing` is the digest that the target's tag names now; empty where it is new, as far as the index knows."""

    source: Reference
    target: Reference
    standing: str = ""
    is_same: bool = False

    @property
    def overwrites(self) -> bool:
        return bool(self.standing) and not self.is_same


class CopyTagsForm(ChosenForm, PlatformForm):
    target_registry = forms.ModelChoiceField(
        Registry.objects.none(), label=_("To the registry"), empty_label=None
    )
    target_repository = forms.CharField(
        label=_("Repository there"),
        max_length=255,
        widget=forms.TextInput(attrs={**NAME_INPUT, "list": "target-names"}),
    )
    new_tag = forms.CharField(
        label=_("Tag there"), max_length=128, widget=forms.TextInput(attrs=NAME_INPUT)
    )
    source_credential = CredentialField()
    target_credential = CredentialField()
    overwrite = forms.BooleanField(required=False)

    def __init__(
        self, *args: Any, chosen: Chosen, initial: Mapping[str, Any] | None = None, **kwargs: Any
    ) -> None:
        self.registries = list(Registry.objects.filter(team=chosen.team))
        hosts = [each.host for each in self.registries]
        self.credentials = list(
            Credential.objects.usable_by(chosen.team).filter(registry__host__in=hosts)
        )
        initial = {**_suggested(chosen, self.registries, self.credentials), **(initial or {})}
        super().__init__(*args, chosen=chosen, initial=initial, **kwargs)
        self.fields["target_registry"].queryset = Registry.objects.filter(team=chosen.team)  # type: ignore[attr-defined]
        choices = [(each.pk, f"{each.name} ({each.host})") for each in self.registries]
        self.fields["target_registry"].choices = choices  # type: ignore[attr-defined]
        if len(chosen.tags) != 1:
            del self.fields["new_tag"]

    def offered(self) -> list[tuple[str, Any]]:
        return [
            ("all", _("Every platform: the digest stays the same")),
            ("chosen", _("One platform: the digest changes")),
        ]

    # --- what has been filled in so far

    @cached_property
    def target_row(self) -> Registry | None:
        value = str(self["target_registry"].value() or "")
        return next((each for each in self.registries if str(each.pk) == value), None)

    @cached_property
    def target_name(self) -> Reference | None:
        """The target's repository with no tag; None while it is none."""
        name = str(self["target_repository"].value() or "").strip().strip("/")
        if self.target_row is None or not name or ":" in name or "@" in name:
            return None
        found = parsed(f"{self.target_row.host}/{name}")
        return Reference(found.registry, found.repository) if found else None

    @cached_property
    def pairs(self) -> list[tuple[Reference, Reference]]:
        """Source and target of each copy; empty while a target cannot be named."""
        name = self.target_name
        if name is None:
            return []
        tags = (
            [str(self["new_tag"].value() or "").strip()]
            if "new_tag" in self.fields
            else self.chosen.tags
        )
        try:
            return [
                (source, name.with_tag(tag))
                for source, tag in zip(self.chosen.references, tags, strict=True)
            ]
        except OciError:
            return []

    @cached_property
    def planned(self) -> list[Planned]:
        if self.target_name is None:
            return []
        here = _digests(self.chosen.registry, self.chosen.repository, self.chosen.tags)
        there = _digests(
            self.target_row,
            self.target_name.repository,
            [str(target.tag) for _source, target in self.pairs],
        )
        is_whole = self["platform_choice"].value() != "chosen"
        planned = []
        for source, target in self.pairs:
            standing = there.get(str(target.tag), "")
            is_same = is_whole and bool(standing) and standing == here.get(str(source.tag))
            planned.append(Planned(source, target, standing, is_same))
        return planned

    @property
    def overwritten(self) -> list[Planned]:
        return [each for each in self.planned if each.overwrites]

    @cached_property
    def is_target_known(self) -> bool:
        """Whether the index has looked into the target's repository."""
        if self.target_name is None:
            return False
        rows = Repository.objects.filter(
            registry=self.target_row, name=self.target_name.repository, indexed_at__isnull=False
        )
        return bool(rows.exists())

    @property
    def moves_latest(self) -> bool:
        return any(target.tag == "latest" for _source, target in self.pairs)

    @property
    def needs_account(self) -> bool:
        """Whether the target lies on Docker Hub, and its name is an official image's."""
        name = self.target_name
        return (
            name is not None and name.registry == DOCKER_HUB and name.namespace == DEFAULT_NAMESPACE
        )

    @property
    def suggestions(self) -> list[str]:
        """Names that the credentials for the target may push to."""
        last = self.chosen.repository.rpartition("/")[2]
        pushing = [
            each for each in self.credentials if each.registry == self.target_row and each.can_push
        ]
        names = {f"{namespace}/{last}" for namespace in map(namespace_of, pushing) if namespace}
        return sorted(names | {_plain_name(self.chosen)})

    # --- logins

    @cached_property
    def source_login(self) -> Login:
        return self._login(self.chosen.name, push=False)

    @cached_property
    def login(self) -> Login | None:
        """At the target."""
        return self._login(self.target_name, push=True) if self.target_name else None

    def _login(self, reference: Reference, *, push: bool) -> Login:
        candidates = [each for each in self.credentials if each.registry.host == reference.registry]
        return login_for(team=self.team, reference=reference, push=push, candidates=candidates)

    # --- checks

    def clean_target_repository(self) -> str:
        return checked(check_repository, self.cleaned_data["target_repository"].strip("/"))

    def clean_new_tag(self) -> str:
        return checked(check_tag, self.cleaned_data["new_tag"])

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if self.source_login.is_tie and not values.get("source_credential"):
            self.add_error("source_credential", self.tie)
        if self.login is not None and self.login.is_tie and not values.get("target_credential"):
            self.add_error("target_credential", self.tie)
        self.refuse_push_without_login("target_registry")
        self.refuse_official_namespace(self.target_name, "target_repository")
        if any(source == target for source, target in self.pairs):
            self.add_error(
                "target_repository",
                _("This is where the image is: choose another registry, repository or tag."),
            )
        elif self.overwritten and not values.get("overwrite") and not self.errors:
            count = len(self.overwritten)
            self.add_error(
                "overwrite",
                ngettext(
                    "Say whether the tag may be moved.", "Say whether the tags may be moved.", count
                ),
            )
        return values

    def add_failure(self, exc: OciError) -> None:
        unfit = isinstance(exc, AmbiguousCredential | CredentialUnfit)
        self.add_error("target_credential" if unfit else None, sentence(exc))

    def arguments(self) -> dict[str, Any]:
        values = self.cleaned_data
        credentials = {name: values[name] for name in ("source_credential", "target_credential")}
        return {"pairs": self.pairs, "platform": self.chosen_platform() or "all", **credentials}


def _digests(registry: Registry | None, repository: str, tags: Sequence[str]) -> Mapping[str, str]:
    """What the index knows these tags to name."""
    rows = Tag.objects.filter(
        repository__registry=registry, repository__name=repository, name__in=tags
    )
    return {name: digest or "?" for name, digest in rows.values_list("name", "digest")}


def _plain_name(chosen: Chosen) -> str:
    """The repository's name as people say it: Docker Hub's own prefix is left out."""
    on_hub = chosen.registry.host == DOCKER_HUB
    return chosen.repository.removeprefix(f"{DEFAULT_NAMESPACE}/") if on_hub else chosen.repository


def _suggested(
    chosen: Chosen, registries: Sequence[Registry], credentials: Sequence[Credential]
) -> dict[str, Any]:
    """Where the tags will most likely go: the first other registry that the team may push to, under the same name."""
    pushing = [
        each
        for each in credentials
        if each.can_push and each.registry in registries and each.registry != chosen.registry
    ]
    credential = min(pushing, key=lambda each: each.created_at, default=None)
    others = [each for each in registries if each != chosen.registry and each.host != DOCKER_HUB]
    target = credential.registry if credential else others[0] if others else chosen.registry
    name = _plain_name(chosen)
    if (
        credential
        and namespace_of(credential)
        and not credential.serves(Reference(target.host, name))
    ):
        name = f"{namespace_of(credential)}/{name.rpartition('/')[2]}"
    return {
        "target_registry": target.pk,
        "target_repository": name,
        "new_tag": chosen.tags[0] if len(chosen.tags) == 1 else "",
    }
