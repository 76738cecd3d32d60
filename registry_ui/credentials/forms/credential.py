import re
from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from registry_ui.oci.client import BasicCredential
from registry_ui.oci.errors import OciError
from registry_ui.registries.models import Registry
from registry_ui.registries.validators import validate_printable
from registry_ui.web.errors import describe

from ..clients import reveal
from ..login_test import is_unreachable
from ..models import Credential

TYPED = {"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false", "class": "mono"}
# Arguments of a DateTimeField: the browser's own picker, and formats for browsers without one.
DATETIME_FIELD: dict[str, Any] = {
    "widget": forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    "input_formats": ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"],
}
_PATTERN = re.compile(r"[a-z0-9._/*?-]+")
# Tokens of cloud providers can have several thousand characters.
_SECRET_LIMIT = 16384


class CredentialForm(forms.Form):
    """A login for one registry. The secret is write-only: no page has it, and blank keeps it."""

    # The host that the user saw, so that a secret is not saved for another one.
    host = forms.CharField(widget=forms.HiddenInput)
    username = forms.CharField(
        label=_("Username"),
        max_length=255,
        validators=[validate_printable],
        widget=forms.TextInput(attrs=TYPED),
    )
    secret = forms.CharField(
        max_length=_SECRET_LIMIT,
        widget=forms.PasswordInput(
            render_value=False,
            attrs={"autocomplete": "new-password", "hx-preserve": "true", "class": "mono"},
        ),
    )
    label = forms.CharField(
        label=_("Label"),
        required=False,
        max_length=100,
        validators=[validate_printable],
        help_text=_("By which your team knows it. Left empty, it is the username."),
    )
    repository_pattern = forms.CharField(
        label=_("Repositories"),
        required=False,
        max_length=255,
        widget=forms.TextInput(attrs=TYPED),
        help_text=_(
            "For which it is used, with * for any text: my-company/*. Left empty, for all of this "
            "registry. "
            "Where several fit, the one that says more of the name wins."
        ),
    )
    can_push = forms.BooleanField(
        label=_("May push"),
        required=False,
        initial=True,
        help_text=_("Without it, this credential is used for pulling only."),
    )
    expires_at = forms.DateTimeField(
        label=_("Expires"),
        required=False,
        **DATETIME_FIELD,
        help_text=_(
            "When the token ends. A warning comes two weeks before; afterwards it is not used."
        ),
    )

    def __init__(
        self, *args: Any, registry: Registry, credential: Credential | None = None, **kwargs: Any
    ) -> None:
        self.registry = registry
        self.credential = credential
        self.provider = registry.get_provider()
        # Set if the registry could not be reached; the page then offers to save untested.
        self.unreachable: OciError | None = None
        kwargs["initial"] = {**self._initial(), **(kwargs.get("initial") or {})}
        super().__init__(*args, **kwargs)
        self._adapt()

    def _initial(self) -> dict[str, Any]:
        credential = self.credential
        if credential is None:
            username = self.provider.username_example if self.provider.secret_lifetime else ""
            return {"host": self.registry.host, "username": username}
        names = ("username", "label", "repository_pattern", "can_push", "expires_at")
        values = {"host": self.registry.host, **{name: getattr(credential, name) for name in names}}
        # The new secret needs a new expiry, so an expired one is not offered again.
        return {**values, "expires_at": None} if credential.is_expired else values

    def _adapt(self) -> None:
        secret, username = self.fields["secret"], self.fields["username"]
        secret.label = str(self.provider.secret_name)
        secret.required = self.credential is None
        username.widget.attrs["placeholder"] = self.provider.username_example
        username.help_text = str(self.provider.username_help)
        self.fields["repository_pattern"].widget.attrs["placeholder"] = (
            f"{self.provider.example.partition('/')[0]}/*"
        )
        if self.credential is not None:
            secret.help_text = _("Leave it empty to keep the present one, which nobody can see.")

        # A provider with short-lived secrets has a default expiry.
        if self.provider.secret_lifetime is not None:
            hours = int(self.provider.secret_lifetime.total_seconds() // 3600)
            self.fields["expires_at"].help_text = _(
                "Left empty: %(hours)s hours from now, as long as a new token lives."
            ) % {"hours": hours}

    @property
    def is_new_login(self) -> bool:
        """Return whether the login must be tested: a new secret, or another username."""
        credential = self.credential
        # A credential that was refused before is tested again with every change.
        if credential is None or self.cleaned_data["secret"] or credential.verify_error:
            return True
        # The stored secret with another username is another login.
        return bool(self.cleaned_data["username"] != credential.username)

    def login(self) -> BasicCredential:
        """Return the entered login, with the stored secret if none was entered.

        Raises:
            DecryptionFailed: the stored secret cannot be read.
        """
        secret = self.cleaned_data["secret"]
        if not secret and self.credential is not None:
            secret = reveal(self.credential).secret
        return BasicCredential(self.cleaned_data["username"], secret)

    def add_error(self, field: str | None, error: Any) -> None:
        """Add the error, and let the browser clear a wrong secret."""
        super().add_error(field, error)
        # hx-preserve keeps the typed secret in the page when another field has an error.
        if field == "secret":
            self.fields["secret"].widget.attrs.pop("hx-preserve", None)

    def add_failure(self, exc: OciError) -> None:
        """Show a failed login: at the secret field, or above the form if the registry failed."""
        if is_unreachable(exc):
            self.unreachable = exc
        self.add_error(None if self.unreachable else "secret", str(describe(exc)))

    def values(self) -> dict[str, Any]:
        return {
            name: self.cleaned_data[name]
            for name in ("label", "username", "repository_pattern", "can_push", "expires_at")
        }

    def clean_host(self) -> str:
        if self.cleaned_data["host"] != self.registry.host:
            raise ValidationError(
                _(
                    "The registry's host has changed to %(host)s since you opened this page. Enter "
                    "the secret again if it is for that host."
                ),
                params={"host": self.registry.host},
            )
        return self.registry.host

    def clean_username(self) -> str:
        username: str = self.cleaned_data["username"]
        # RFC 7617, "The 'Basic' Authentication Scheme": a user-id cannot contain a colon.
        if ":" in username or not username.isprintable():
            raise ValidationError(_("A username has no colon and no control characters."))
        return username

    def clean_secret(self) -> str:
        secret: str = self.cleaned_data["secret"]
        if not secret.isprintable():
            raise ValidationError(
                _("The secret has control characters in it. Copy it again, as one line.")
            )
        return secret

    def clean_label(self) -> str:
        label = self.cleaned_data["label"] or (
            self.credential.username[:100] if self.credential else ""
        )
        others = self.registry.credentials.all()
        if self.credential is not None:
            others = others.exclude(pk=self.credential.pk)
        if label and others.filter(label=label).exists():
            raise ValidationError(
                _("This registry has a credential with that label already."), code="known"
            )
        return label

    def clean_repository_pattern(self) -> str:
        return normalise_pattern(self.cleaned_data["repository_pattern"], self.registry)

    def clean_expires_at(self) -> Any:
        expires_at = self.cleaned_data["expires_at"]
        stored = self.credential.expires_at if self.credential else None
        # From the data: a secret with an error is not in `cleaned_data`.
        has_new_secret = bool(self.data.get(self.add_prefix("secret")))
        if expires_at is None and has_new_secret:
            return self.provider.new_secret_expiry()
        # The form does not show an expiry in the past, so an empty field does not remove it.
        if expires_at is None and stored is not None and stored <= timezone.now():
            return stored
        if is_unchanged(expires_at, stored):
            return stored
        if expires_at is not None and expires_at <= timezone.now():
            raise ValidationError(_("This moment has passed."))

        return expires_at


def is_unchanged(timestamp: datetime | None, stored: datetime | None) -> bool:
    """Return whether the timestamp is the stored one, which the field shows without seconds."""
    if timestamp is None or stored is None:
        return False
    return timestamp == stored.replace(second=0, microsecond=0)


def normalise_pattern(text: str, registry: Registry) -> str:
    """Return a repository pattern as it is stored; empty for all repositories.

    Raises:
        ValidationError
    """
    # People paste the whole name, with the host before it.
    pattern = text.removeprefix(f"{registry.host}/")
    if not pattern or pattern in ("*", "**"):
        return ""
    # Forms that people use for "everything below": `company/`, `company/**`.
    if pattern.endswith("/"):
        pattern += "*"

    pattern = re.sub(r"\*{2,}", "*", pattern)
    if _PATTERN.fullmatch(pattern) is None:
        raise ValidationError(
            _(
                "A pattern has lower-case letters, digits, “.”, “_”, “-”, “/” and the wildcards * "
                "and ?, no tag."
            )
        )
    # Where repositories have a namespace, a pattern without a slash would match none.
    provider = registry.get_provider()
    if provider.has_two_part_names and "/" not in pattern and "*" not in pattern:
        parameters = {"pattern": pattern, "provider": provider.title}
        raise ValidationError(
            _("On %(provider)s names have two parts. Write %(pattern)s/* for all of this account."),
            params=parameters,
        )

    return pattern


def literal_part(pattern: str) -> str:
    """Return the text before the pattern's first wildcard."""
    return re.split(r"[*?]", pattern, maxsplit=1)[0]
