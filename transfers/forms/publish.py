from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from registry_ui.accounts.models import Team
from registry_ui.credentials.models import Credential
from registry_ui.oci.reference import (
    Reference,
    check_repository,
    check_tag,
    normalise_host,
)
from registry_ui.registries.builtin_registry import builtin_registry_host
from registry_ui.registries.models import Registry

from .base import NAME_INPUT, CredentialField, ReferenceField, StartForm, parse_or_none, validate


class PublishForm(StartForm):
    """The form that publishes a local image, with a field for each part of the target."""

    pushes = True
    name_field = "source"
    source = ReferenceField(
        label=_("Local image"), names="local-names", placeholder="my-app:latest"
    )
    registry = forms.CharField(
        label=_("Registry"),
        max_length=255,
        widget=forms.TextInput(
            attrs={**NAME_INPUT, "list": "registry-hosts", "placeholder": "registry.example.com"}
        ),
    )
    namespace = forms.CharField(
        label=_("Namespace"),
        max_length=255,
        required=False,
        widget=forms.TextInput(
            attrs={**NAME_INPUT, "list": "namespaces", "placeholder": "my-company"}
        ),
        help_text=_("Your account, company or project there."),
    )
    name = forms.CharField(
        label=_("Repository"),
        max_length=255,
        widget=forms.TextInput(attrs={**NAME_INPUT, "placeholder": "my-app"}),
    )
    tag = forms.CharField(
        label=_("Tag"),
        max_length=128,
        widget=forms.TextInput(attrs={**NAME_INPUT, "placeholder": "prod-2023"}),
    )
    credential = CredentialField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # The suggestion needs two queries, which a submitted form does not.
        if not self.is_bound:
            self.initial = {**_suggested_target(self.team, self.initial), **self.initial}

    def clean_registry(self) -> str:
        return validate(normalise_host, self.cleaned_data["registry"])

    def clean_namespace(self) -> str:
        namespace = self.cleaned_data["namespace"].strip("/")
        return validate(check_repository, namespace) if namespace else ""

    def clean_name(self) -> str:
        return validate(check_repository, self.cleaned_data["name"])

    def clean_tag(self) -> str:
        return validate(check_tag, self.cleaned_data["tag"])

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        # The parts can be valid and the whole too long.
        if not {"registry", "namespace", "name", "tag"} & set(self.errors):
            values["target"] = validate(Reference.parse, self.target_text())
            self.refuse_reserved_namespace(values["target"], "namespace")
            self.refuse_foreign_name(values["target"], "namespace")
            self.refuse_push_without_login("registry")
        return values

    def target_text(self) -> str:
        parts = [
            str(self[part].value() or "").strip().strip("/")
            for part in ("registry", "namespace", "name")
        ]
        name = "/".join(part for part in parts if part)
        tag = str(self["tag"].value() or "").strip()
        return f"{name}:{tag}"

    def login_reference(self) -> Reference | None:
        # Half a reference would parse as one of Docker Hub and show the wrong login.
        if not self["registry"].value() or not self["name"].value():
            return None
        return parse_or_none(self.target_text())

    def arguments(self) -> dict[str, Any]:
        values = self.cleaned_data
        return {
            "source": values["source"],
            "target": values["target"],
            "credential": values["credential"],
        }

    def hosts(self) -> list[Registry]:
        return list(Registry.objects.filter(team=self.team))

    def namespaces(self) -> list[str]:
        credentials = Credential.objects.filter(team=self.team, can_push=True)
        names = {
            credential_namespace(credential)
            for credential in credentials.select_related("registry")
        }
        # On the built-in registry a team's namespace is its slug.
        return sorted({*names, self.team.slug} - {""})


def _suggested_target(team: Team, initial: Mapping[str, Any]) -> dict[str, str]:
    """Return the parts of the likeliest target.

    That is the first registry to which the team may push, or else the built-in registry.
    """
    # A link can name the target, such as that of an earlier publish.
    target = parse_or_none(str(initial.get("target", "")))
    if target is not None:
        repository = target.repository.rpartition("/")[2]
        return {
            "registry": target.registry,
            "namespace": target.namespace,
            "name": repository,
            "tag": target.tag or "",
        }
    source = parse_or_none(str(initial.get("source", "")))
    credential = (
        Credential.objects.filter(team=team, can_push=True)
        .select_related("registry")
        .order_by("created_at")
        .first()
    )
    return {
        "registry": credential.registry.host if credential else builtin_registry_host(),
        "namespace": credential_namespace(credential) if credential else team.slug,
        "name": source.repository.rpartition("/")[2] if source else "",
        "tag": source.tag or "" if source else "",
    }


def credential_namespace(credential: Credential) -> str:
    """Return the namespace to which a credential belongs; empty if it is not known."""
    fixed_part, slash, _rest = credential.repository_pattern.rpartition("/")
    if slash and not any(character in fixed_part for character in "*?["):
        return fixed_part
    provider = credential.registry.get_provider()
    if provider.account_is_namespace and not credential.repository_pattern:
        return credential.username
    return ""
