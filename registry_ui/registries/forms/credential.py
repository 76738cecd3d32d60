import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from registry_ui.oci.client import BasicCredential
from registry_ui.oci.errors import OciError
from registry_ui.oci.reference import DOCKER_HUB

from ..checking import is_unreachable
from ..clients import reveal
from ..models import Credential, Registry
from .texts import validate_printable

TYPED = {"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false", "class": "mono"}
# For DateTimeField: the browser's own picker, and what people type where there is none.
MOMENT: dict[str, Any] = {
    "widget": forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    "input_formats": ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"],
}
_PATTERN = re.compile(r"[a-z0-9._/*?-]+")
_SECRET_LIMIT = 16384


class CredentialForm(forms.Form):
    """A login for one registry. The secret goes in and never comes out: no page carries it, and blank means keep."""

    # The host that the person saw: a secret typed for it goes nowhere else.
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
            "For which it is used, with * for any text: my-company/*. Left empty, for all of this registry. "
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
        **MOMENT,
        help_text=_(
            "When the token ends. A warning comes two weeks before; afterwards it is not used."
        ),
    )

    def __init__(
        self, *args: Any, registry: Registry, credential: Credential | None = None, **kwargs: Any
    ) -> None:
        self.registry = registry
        self.credential = credential
        self.facts = registry.facts
        self.unreachable: OciError | None = None
        kwargs["initial"] = {**self._initial(), **(kwargs.get("initial") or {})}
        super().__init__(*args, **kwargs)
        self._adapt()

    def _initial(self) -> dict[str, Any]:
        credential = self.credential
        if credential is None:
            username = self.facts.username_example if self.facts.secret_life else ""
            return {"host": self.registry.host, "username": username}
        names = ("username", "label", "repository_pattern", "can_push", "expires_at")
        values = {"host": self.registry.host, **{name: getattr(credential, name) for name in names}}
        return {**values, "expires_at": None} if credential.is_expired else values

    def _adapt(self) -> None:
        secret, username = self.fields["secret"], self.fields["username"]
        secret.label = str(self.facts.secret_name)
        secret.required = self.credential is None
        username.widget.attrs["placeholder"] = self.facts.username_example
        username.help_text = str(self.facts.username_help)
        self.fields["repository_pattern"].widget.attrs["placeholder"] = (
            f"{self.facts.example.partition('/')[0]}/*"
        )
        if self.credential is not None:
            secret.help_text = _("Leave it empty to keep the present one, which nobody can see.")
        if self.facts.secret_life is not None:
            hours = int(self.facts.secret_life.total_seconds() // 3600)
            self.fields["expires_at"].help_text = _(
                "Left empty: %(hours)s hours from now, as long as a new token lives."
            ) % {"hours": hours}

    @property
    def is_new_login(self) -> bool:
        """Whether there is something to test: a secret was typed, or goes with another username now."""
        credential = self.credential
        if credential is None or self.cleaned_data["secret"] or credential.verify_error:
            return True
        return bool(self.cleaned_data["username"] != credential.username)

    def login(self) -> BasicCredential:
        """
        Raises:
            DecryptionFailed: the kept secret cannot be read.
        """
        secret = self.cleaned_data["secret"]
        if not secret and self.credential is not None:
            secret = reveal(self.credential).secret
        return BasicCredential(self.cleaned_data["username"], secret)

    def add_error(self, field: str | None, error: Any) -> None:
        """A wrong secret is typed anew; a right one survives the errors of other fields, in the browser alone."""
        super().add_error(field, error)
        if field == "secret":
            self.fields["secret"].widget.attrs.pop("hx-preserve", None)

    def add_failure(self, exc: OciError) -> None:
        """Why the login did not work: at the secret where it is to blame, above the form where the registry is."""
        if is_unreachable(exc):
            self.unreachable = exc
        self.add_error(
            None if self.unreachable else "secret", f"{exc.message} {exc.advice}".strip()
        )

    def values(self) -> dict[str, Any]:
        return {
            name: self.cleaned_data[name]
            for name in ("label", "username", "repository_pattern", "can_push", "expires_at")
        }

    def clean_host(self) -> str:
        if self.cleaned_data["host"] != self.registry.host:
            raise ValidationError(
                _(
                    "The registry's host has changed to %(host)s since you opened this page. Enter the secret again if it is for that host."
                ),
                params={"host": self.registry.host},
            )
        return self.registry.host

    def clean_username(self) -> str:
        username = self.cleaned_data["username"]
        if ":" in username or not username.isprintable():
            raise ValidationError(_("A username has no colon and no control characters."))
        return username

    def clean_secret(self) -> str:
        secret = self.cleaned_data["secret"]
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
        return checked_pattern(self.cleaned_data["repository_pattern"], self.registry)

    def clean_expires_at(self) -> Any:
        moment = self.cleaned_data["expires_at"]
        present = self.credential.expires_at if self.credential else None
        has_new_secret = bool(self.data.get(self.add_prefix("secret")))
        if moment is None and has_new_secret:
            return self.facts.expiry_of_new_secret()
        if moment is None and present is not None and present <= timezone.now():
            return present  # its end is not shown any more, and does not go away by itself
        # The field knows no seconds.
        if (
            moment is not None
            and present is not None
            and moment == present.replace(second=0, microsecond=0)
        ):
            return present
        if moment is not None and moment <= timezone.now():
            raise ValidationError(_("This moment has passed."))
        return moment


def checked_pattern(text: str, registry: Registry) -> str:
    """A repository pattern as it is stored; empty for all.

    Raises:
        ValidationError
    """
    pattern = text.removeprefix(f"{registry.host}/")
    if not pattern or pattern in ("*", "**"):
        return ""
    if pattern.endswith("/"):
        pattern += "*"
    pattern = re.sub(r"\*{2,}", "*", pattern)
    if _PATTERN.fullmatch(pattern) is None:
        raise ValidationError(
            _(
                "A pattern has lower-case letters, digits, “.”, “_”, “-”, “/” and the wildcards * and ?, no tag."
            )
        )
    if registry.host == DOCKER_HUB and "/" not in pattern and "*" not in pattern:
        words = {"pattern": pattern}
        raise ValidationError(
            _("On Docker Hub names have two parts. Write %(pattern)s/* for all of this account."),
            params=words,
        )
    return pattern


def literal_part(pattern: str) -> str:
    """What stands before a pattern's first wildcard."""
    return re.split(r"[*?]", pattern, maxsplit=1)[0]
