"""What the forms that start a transfer share: names that are parsed, and the login that will serve them."""

from collections.abc import Callable
from typing import Any, TypeVar

from django import forms
from django.core.exceptions import ValidationError
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from registry_ui.accounts.models import Team
from registry_ui.images.models import LocalImage
from registry_ui.images.services import find_image
from registry_ui.oci.errors import ManifestUnknown, OciError
from registry_ui.oci.reference import DEFAULT_NAMESPACE, DOCKER_HUB, Reference
from registry_ui.registries.models import Credential
from registry_ui.registries.services import AmbiguousCredential, CredentialUnfit
from registry_ui.registries.this_server import check_own_name

from ..logins import Login, login_for

_Checked = TypeVar("_Checked")

NAME_INPUT = {
    "autocomplete": "off",
    "autocapitalize": "none",
    "spellcheck": "false",
    "class": "mono",
}


def sentence(exc: OciError) -> str:
    return f"{exc.message} {exc.advice}".strip()


class ReferenceField(forms.CharField):
    """Text in, `Reference` out."""

    def __init__(self, *, names: str = "", placeholder: str = "", **options: Any) -> None:
        attributes = {
            **NAME_INPUT,
            "placeholder": placeholder,
            **({"list": names} if names else {}),
        }
        options.setdefault("max_length", 500)
        super().__init__(widget=forms.TextInput(attrs=attributes), **options)

    def clean(self, value: Any) -> Reference | None:
        text = super().clean(value)
        if not text:
            return None
        return checked(Reference.parse, text)


class CredentialField(forms.ModelChoiceField):
    """One of the credentials that the team may use, or the one that fits best."""

    default_error_messages = {
        "invalid_choice": _(
            "The team may not use this credential, or not any more. Choose another one."
        )
    }

    def __init__(self, **options: Any) -> None:
        super().__init__(
            Credential.objects.none(), **{"label": _("Credential"), "required": False, **options}
        )


class StartForm(forms.Form):
    """What the forms that start a transfer share: the login, and errors of the services on the field at fault."""

    pushes = False
    name_field = "reference"
    tie = _("Several credentials fit equally well. Choose the one to use.")

    def __init__(self, *args: Any, team: Team, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.team = team
        for field in self.fields.values():
            if isinstance(field, CredentialField):
                field.queryset = Credential.objects.usable_by(team)

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if (
            "credential" in self.fields
            and self.login is not None
            and self.login.is_tie
            and not values.get("credential")
        ):
            self.add_error("credential", self.tie)
        return values

    def arguments(self) -> dict[str, Any]:
        """What the service is called with, beside team and user."""
        raise NotImplementedError

    def add_failure(self, exc: OciError) -> None:
        self.add_error(
            "credential"
            if isinstance(exc, AmbiguousCredential | CredentialUnfit)
            else self.name_field,
            sentence(exc),
        )

    def named(self, field: str) -> Reference | None:
        """What stands in a field, valid or not yet checked; None while it names nothing."""
        return parsed(str(self[field].value() or ""))

    def login_reference(self) -> Reference | None:
        """The image on the registry that the login is for."""
        return self.named(self.name_field)

    @cached_property
    def login(self) -> Login | None:
        reference = self.login_reference()
        return (
            login_for(team=self.team, reference=reference, push=self.pushes) if reference else None
        )

    def local_names(self) -> list[str]:
        return [
            image.reference.familiar for image in LocalImage.objects.filter(team=self.team)[:200]
        ]

    def refuse_push_without_login(self, field: str) -> None:
        if self.login is not None and self.login.problem and field not in self.errors:
            self.add_error(field, self.login.problem)

    def refuse_foreign_name(self, reference: Reference | None, field: str) -> None:
        """On this server a team gives names of its own only."""
        if reference is not None and field not in self.errors:
            try:
                check_own_name(self.team, reference)
            except OciError as exc:
                self.add_error(field, sentence(exc))

    def refuse_official_namespace(self, reference: Reference | None, field: str) -> None:
        """Docker Hub's library/ takes no pushes but its own staff's; without this the registry says only “denied”."""
        if (
            reference is None
            or reference.registry != DOCKER_HUB
            or not reference.repository.startswith(f"{DEFAULT_NAMESPACE}/")
        ):
            return
        words = {"name": reference.repository.removeprefix(f"{DEFAULT_NAMESPACE}/")}
        message = _(
            "On Docker Hub, %(name)s alone is an official image, and only Docker pushes those: put your account's name before it."
        )
        self.add_error(field, ValidationError(message, code="official", params=words))


def local_image(team: Team, reference: Reference) -> LocalImage | None:
    try:
        return find_image(team, reference)
    except ManifestUnknown:
        return None


def checked(check: Callable[[str], _Checked], text: str) -> _Checked:
    """What a check of the references makes of the text, its complaint as the form's."""
    try:
        return check(text)
    except OciError as exc:
        raise ValidationError(sentence(exc), code=type(exc).__name__) from exc


def parsed(text: str) -> Reference | None:
    """The reference, or None where the text is none (yet)."""
    try:
        return Reference.parse(text)
    except OciError:
        return None
