from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from registry_ui.accounts.models import Team
from registry_ui.oci.reference import (
    DOCKER_HUB,
    Reference,
    check_repository,
    check_tag,
    normalise_host,
)
from registry_ui.registries.models import Credential, Registry
from registry_ui.registries.this_server import this_host

from .naming import NAME_INPUT, CredentialField, ReferenceField, StartForm, checked, parsed


class PublishForm(StartForm):
    """The target is asked for in its four parts: that is how its anatomy is learnt, and the registry is a choice."""

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
        if not self.is_bound:
            self.initial = {**_suggested_target(self.team, self.initial), **self.initial}

    def clean_registry(self) -> str:
        return checked(normalise_host, self.cleaned_data["registry"])

    def clean_namespace(self) -> str:
        namespace = self.cleaned_data["namespace"].strip("/")
        return checked(check_repository, namespace) if namespace else ""

    def clean_name(self) -> str:
        return checked(check_repository, self.cleaned_data["name"])

    def clean_tag(self) -> str:
        return checked(check_tag, self.cleaned_data["tag"])

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if not {"registry", "namespace", "name", "tag"} & set(self.errors):
            values["target"] = checked(Reference.parse, self.composed())
            self.refuse_official_namespace(values["target"], "namespace")
            self.refuse_foreign_name(values["target"], "namespace")
            self.refuse_push_without_login("registry")
        return values

    def composed(self) -> str:
        parts = [
            str(self[part].value() or "").strip().strip("/")
            for part in ("registry", "namespace", "name")
        ]
        return (
            f"{'/'.join(part for part in parts if part)}:{str(self['tag'].value() or '').strip()}"
        )

    def login_reference(self) -> Reference | None:
        if not self["registry"].value() or not self["name"].value():
            return None
        return parsed(self.composed())

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
        names = {
            namespace_of(credential)
            for credential in Credential.objects.filter(
                team=self.team, can_push=True
            ).select_related("registry")
        }
        return sorted({*names, self.team.slug} - {""})


def _suggested_target(team: Team, initial: Mapping[str, Any]) -> dict[str, str]:
    """Where the source will most likely go: the first registry that the team has a login for, else this server; under the same
    last name."""
    target = parsed(str(initial.get("target", "")))
    if target is not None:
        repository = target.repository.rpartition("/")[2]
        return {
            "registry": target.registry,
            "namespace": target.namespace,
            "name": repository,
            "tag": target.tag or "",
        }
    source = parsed(str(initial.get("source", "")))
    credential = (
        Credential.objects.filter(team=team, can_push=True)
        .select_related("registry")
        .order_by("created_at")
        .first()
    )
    return {
        "registry": credential.registry.host if credential else this_host(),
        "namespace": namespace_of(credential) if credential else team.slug,
        "name": source.repository.rpartition("/")[2] if source else "",
        "tag": source.tag or "" if source else "",
    }


def namespace_of(credential: Credential) -> str:
    """The namespace that a credential is for: its pattern's fixed part, or on Docker Hub the account itself."""
    fixed, slash, _rest = credential.repository_pattern.rpartition("/")
    if slash and not any(character in fixed for character in "*?["):
        return fixed
    return (
        credential.username
        if credential.registry.host == DOCKER_HUB and not credential.repository_pattern
        else ""
    )
