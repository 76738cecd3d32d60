"""The base form and the fields of all forms that start a transfer."""

from collections.abc import Callable
from typing import Any, TypeVar

from django import forms
from django.core.exceptions import ValidationError
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from registry_ui.accounts.models import Team
from registry_ui.credentials.models import Credential
from registry_ui.credentials.services import AmbiguousCredential, CredentialUnusable
from registry_ui.images.models import LocalImage
from registry_ui.images.services import find_image
from registry_ui.oci.errors import ManifestUnknown, OciError
from registry_ui.oci.reference import Reference, familiar_repository
from registry_ui.providers.catalogue import provider_for_host
from registry_ui.registries.builtin_registry import check_builtin_name
from registry_ui.web.errors import describe

from ..login_choice import LoginChoice, choose_login

_Valid = TypeVar("_Valid")

_MAX_SUGGESTIONS = 200

NAME_INPUT = {
    "autocomplete": "off",
    "autocapitalize": "none",
    "spellcheck": "false",
    "class": "mono",
}


class ReferenceField(forms.CharField):
    """A text field whose value is a `Reference`."""

    def __init__(self, *, names: str = "", placeholder: str = "", **options: Any) -> None:
        attributes = {
            **NAME_INPUT,
            "placeholder": placeholder,
            **({"list": names} if names else {}),
        }
        # Longer than every valid reference, and short enough for the parser.
        options.setdefault("max_length", 500)
        super().__init__(widget=forms.TextInput(attrs=attributes), **options)

    def clean(self, value: Any) -> Reference | None:
        text = super().clean(value)
        if not text:
            return None
        return validate(Reference.parse, text)


class CredentialField(forms.ModelChoiceField):  # type: ignore[type-arg]  # takes no argument at runtime
    """A choice among the team's usable credentials; empty means the one that fits best."""

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
    """A form that starts a transfer: it shows the login and the errors of the service."""

    # Which permission the login needs, and which field a general error belongs to
    pushes = False
    name_field = "reference"
    ambiguous_message = _("Several credentials fit equally well. Choose the one to use.")

    def __init__(self, *args: Any, team: Team, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.team = team
        # The queryset is the permission check: another team's credential is no valid choice.
        for field in self.fields.values():
            if isinstance(field, CredentialField):
                field.queryset = Credential.objects.usable_by(team)

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        # The service would raise the same error, but without the list to choose from.
        if (
            "credential" in self.fields
            and self.login is not None
            and self.login.is_ambiguous
            and not values.get("credential")
        ):
            self.add_error("credential", self.ambiguous_message)
        return values

    def arguments(self) -> dict[str, Any]:
        """Return the arguments of the service, except team and user."""
        raise NotImplementedError

    def add_failure(self, exc: OciError) -> None:
        is_login_error = isinstance(exc, AmbiguousCredential | CredentialUnusable)
        self.add_error("credential" if is_login_error else self.name_field, str(describe(exc)))

    def typed_reference(self, field: str) -> Reference | None:
        """Return the reference in a field that may not be validated yet, or None."""
        return parse_or_none(str(self[field].value() or ""))

    def login_reference(self) -> Reference | None:
        """Return the image on the registry that the login is for."""
        return self.typed_reference(self.name_field)

    @cached_property
    def login(self) -> LoginChoice | None:
        reference = self.login_reference()
        if reference is None:
            return None
        return choose_login(team=self.team, reference=reference, push=self.pushes)

    def local_names(self) -> list[str]:
        images = LocalImage.objects.filter(team=self.team)[:_MAX_SUGGESTIONS]
        return [image.reference.familiar for image in images]

    def refuse_push_without_login(self, field: str) -> None:
        # One error a field is enough: an invalid reference has no meaningful login.
        if self.login is not None and self.login.problem and field not in self.errors:
            self.add_error(field, self.login.problem)

    def refuse_foreign_name(self, reference: Reference | None, field: str) -> None:
        """Add an error if the reference is another team's on the built-in registry."""
        if reference is not None and field not in self.errors:
            try:
                check_builtin_name(self.team, reference)
            except OciError as exc:
                self.add_error(field, str(describe(exc)))

    def refuse_reserved_namespace(self, reference: Reference | None, field: str) -> None:
        """Add an error if only the provider itself pushes to the repository."""
        if reference is None:
            return
        provider = provider_for_host(reference.registry)
        if not provider.is_reserved(reference.repository):
            return

        # The registry itself would answer no more than “denied”.
        parameters = {
            "problem": provider.reserved_message,
            "name": familiar_repository(reference.registry, reference.repository),
        }
        message = _("%(problem)s Put your account's name before %(name)s.")
        self.add_error(field, ValidationError(message, code="reserved", params=parameters))


def find_local_image(team: Team, reference: Reference) -> LocalImage | None:
    # The image may have been removed since; a page shows it only if it exists.
    try:
        return find_image(team, reference)
    except ManifestUnknown:
        return None


def validate(parse: Callable[[str], _Valid], text: str) -> _Valid:
    """Return the parsed text, and turn an error of the parser into one of the form."""
    try:
        return parse(text)
    except OciError as exc:
        raise ValidationError(str(describe(exc)), code=type(exc).__name__) from exc


def parse_or_none(text: str) -> Reference | None:
    """Return the reference, or None if the text is not a valid one."""
    try:
        return Reference.parse(text)
    except OciError:
        return None
