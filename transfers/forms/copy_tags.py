"""The form that copies selected tags to another registry or repository."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from registry_ui.catalog.models import Repository, Tag
from registry_ui.credentials.models import Credential
from registry_ui.credentials.services import AmbiguousCredential, CredentialUnusable
from registry_ui.oci.errors import OciError
from registry_ui.oci.reference import (
    Reference,
    check_repository,
    check_tag,
    familiar_repository,
)
from registry_ui.providers.catalogue import provider_for_host
from registry_ui.registries.models import Registry
from registry_ui.web.errors import describe

from ..login_choice import LoginChoice, choose_login
from ..tag_selection import TagSelection
from .base import NAME_INPUT, CredentialField, parse_or_none, validate
from .platforms import PlatformForm
from .publish import credential_namespace
from .tag_selection import TagSelectionForm

# The digest of a tag that exists and is not indexed yet; the template compares with it.
_UNKNOWN = "?"


@dataclass(frozen=True, slots=True)
class PlannedCopy:
    """A copy, with the digest that the target's tag has now according to the index."""

    source: Reference
    target: Reference
    current_digest: str = ""
    is_same: bool = False

    @property
    def overwrites(self) -> bool:
        return bool(self.current_digest) and not self.is_same


class CopyTagsForm(TagSelectionForm, PlatformForm):
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
        self,
        *args: Any,
        selection: TagSelection,
        initial: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        registries = Registry.objects.filter(team=selection.team)
        self.registries = list(registries)
        hosts = [registry.host for registry in self.registries]
        self.credentials = list(
            Credential.objects.usable_by(selection.team).filter(registry__host__in=hosts)
        )

        suggested = _suggested_target(selection, self.registries, self.credentials)
        super().__init__(
            *args, selection=selection, initial={**suggested, **(initial or {})}, **kwargs
        )
        field = self.fields["target_registry"]
        field.queryset = registries  # type: ignore[attr-defined]
        field.choices = [  # type: ignore[attr-defined]
            (registry.pk, f"{registry.name} ({registry.host})") for registry in self.registries
        ]
        # Several tags keep their names.
        if len(selection.tags) != 1:
            del self.fields["new_tag"]

    def platform_choices(self) -> list[tuple[str, Any]]:
        return [
            ("all", _("Every platform: the digest stays the same")),
            ("selected", _("One platform: the digest changes")),
        ]

    # --- the values so far, before the form is valid

    @cached_property
    def selected_registry(self) -> Registry | None:
        value = str(self["target_registry"].value() or "")
        return next((registry for registry in self.registries if str(registry.pk) == value), None)

    @cached_property
    def target_name(self) -> Reference | None:
        """Return the target's repository without a tag, or None while it is invalid."""
        # A tag or a digest in this field would change the meaning of the tags.
        name = str(self["target_repository"].value() or "").strip().strip("/")
        if self.selected_registry is None or not name or ":" in name or "@" in name:
            return None
        reference = parse_or_none(f"{self.selected_registry.host}/{name}")
        return Reference(reference.registry, reference.repository) if reference else None

    @cached_property
    def pairs(self) -> list[tuple[Reference, Reference]]:
        """Return the source and target of each copy; empty while the target is invalid."""
        name = self.target_name
        if name is None:
            return []

        tags = (
            [str(self["new_tag"].value() or "").strip()]
            if "new_tag" in self.fields
            else self.selection.tags
        )
        # A tag that is not complete yet can be invalid.
        try:
            return [
                (source, name.with_tag(tag))
                for source, tag in zip(self.selection.references, tags, strict=True)
            ]
        except OciError:
            return []

    @cached_property
    def planned_copies(self) -> list[PlannedCopy]:
        if self.target_name is None:
            return []

        selection = self.selection
        source_digests = _digests(selection.registry, selection.repository, selection.tags)
        target_tags = [str(target.tag) for _source, target in self.pairs]
        target_digests = _digests(self.selected_registry, self.target_name.repository, target_tags)

        # A copy of one platform has another digest than the index at the source.
        keeps_digest = self["platform_choice"].value() != "selected"
        copies = []
        for source, target in self.pairs:
            current = target_digests.get(str(target.tag), "")
            # Two digests that are not indexed yet need not be the same.
            is_equal = current not in ("", _UNKNOWN) and current == source_digests.get(
                str(source.tag)
            )
            copies.append(PlannedCopy(source, target, current, keeps_digest and is_equal))
        return copies

    @property
    def overwritten_copies(self) -> list[PlannedCopy]:
        return [copy for copy in self.planned_copies if copy.overwrites]

    @cached_property
    def is_target_indexed(self) -> bool:
        if self.target_name is None:
            return False
        rows = Repository.objects.filter(
            registry=self.selected_registry,
            name=self.target_name.repository,
            indexed_at__isnull=False,
        )
        return bool(rows.exists())

    @property
    def moves_latest(self) -> bool:
        return any(target.tag == "latest" for _source, target in self.pairs)

    @property
    def reserved_message(self) -> str:
        """Return why nobody but the provider pushes to the target; empty where people do."""
        if self.target_name is None:
            return ""
        provider = provider_for_host(self.target_name.registry)
        is_reserved = provider.is_reserved(self.target_name.repository)
        return str(provider.reserved_message) if is_reserved else ""

    @property
    def suggestions(self) -> list[str]:
        """The repositories to which the credentials for the target may push."""
        last_part = self.selection.repository.rpartition("/")[2]
        credentials = [
            credential
            for credential in self.credentials
            if credential.registry == self.selected_registry and credential.can_push
        ]
        namespaces = {credential_namespace(credential) for credential in credentials} - {""}
        names = {f"{namespace}/{last_part}" for namespace in namespaces}
        return sorted(names | {_short_repository(self.selection)})

    # --- logins

    @cached_property
    def source_login(self) -> LoginChoice:
        return self._choose_login(self.selection.name, push=False)

    @cached_property
    def login(self) -> LoginChoice | None:
        """Return the login at the target."""
        return self._choose_login(self.target_name, push=True) if self.target_name else None

    def _choose_login(self, reference: Reference, *, push: bool) -> LoginChoice:
        candidates = [
            credential
            for credential in self.credentials
            if credential.registry.host == reference.registry
        ]
        return choose_login(team=self.team, reference=reference, push=push, candidates=candidates)

    # --- checks

    def clean_target_repository(self) -> str:
        return validate(check_repository, self.cleaned_data["target_repository"].strip("/"))

    def clean_new_tag(self) -> str:
        return validate(check_tag, self.cleaned_data["new_tag"])

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if self.source_login.is_ambiguous and not values.get("source_credential"):
            self.add_error("source_credential", self.ambiguous_message)
        is_ambiguous = self.login is not None and self.login.is_ambiguous
        if is_ambiguous and not values.get("target_credential"):
            self.add_error("target_credential", self.ambiguous_message)
        self.refuse_push_without_login("target_registry")
        self.refuse_reserved_namespace(self.target_name, "target_repository")

        if any(source == target for source, target in self.pairs):
            self.add_error(
                "target_repository",
                _("This is where the image is: choose another registry, repository or tag."),
            )
        # The index may be old, so the worker can still overwrite a tag that is not listed here.
        elif self.overwritten_copies and not values.get("overwrite") and not self.errors:
            count = len(self.overwritten_copies)
            self.add_error(
                "overwrite",
                ngettext(
                    "Say whether the tag may be moved.", "Say whether the tags may be moved.", count
                ),
            )
        return values

    def add_failure(self, exc: OciError) -> None:
        is_login_error = isinstance(exc, AmbiguousCredential | CredentialUnusable)
        self.add_error("target_credential" if is_login_error else None, str(describe(exc)))

    def arguments(self) -> dict[str, Any]:
        values = self.cleaned_data
        credentials = {name: values[name] for name in ("source_credential", "target_credential")}
        return {"pairs": self.pairs, "platform": self.selected_platform() or "all", **credentials}


def _digests(registry: Registry | None, repository: str, tags: Sequence[str]) -> Mapping[str, str]:
    """Return the indexed digests of the tags; `_UNKNOWN` where one is not indexed yet."""
    rows = Tag.objects.filter(
        repository__registry=registry, repository__name=repository, name__in=tags
    )
    return {name: digest or _UNKNOWN for name, digest in rows.values_list("name", "digest")}


def _short_repository(selection: TagSelection) -> str:
    return familiar_repository(selection.registry.host, selection.repository)


def _suggested_target(
    selection: TagSelection, registries: Sequence[Registry], credentials: Sequence[Credential]
) -> dict[str, Any]:
    """Return the likeliest target: the first other registry to which the team may push."""
    others = [registry for registry in registries if registry != selection.registry]
    pushing = [
        credential
        for credential in credentials
        if credential.can_push and credential.registry in others
    ]
    # The oldest one, so that the suggestion does not change with each new credential.
    credential = min(pushing, key=lambda candidate: candidate.created_at, default=None)
    if credential:
        registry = credential.registry
    else:
        # Many registries take no push without a credential.
        open_registries = [
            other for other in others if not other.get_provider().requires_login_to_push
        ]
        registry = open_registries[0] if open_registries else selection.registry

    # A credential for one namespace cannot push elsewhere.
    name = _short_repository(selection)
    namespace = credential_namespace(credential) if credential else ""
    if credential and namespace and not credential.serves(Reference(registry.host, name)):
        name = f"{namespace}/{name.rpartition('/')[2]}"
    return {
        "target_registry": registry.pk,
        "target_repository": name,
        "new_tag": selection.tags[0] if len(selection.tags) == 1 else "",
    }
