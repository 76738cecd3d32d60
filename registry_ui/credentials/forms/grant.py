from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from registry_ui.accounts.models import Team
from registry_ui.oci.client import BasicCredential

from ..grants import GrantTerms
from ..models import Credential, CredentialGrant
from .credential import (
    DATETIME_FIELD,
    TYPED,
    CredentialForm,
    is_unchanged,
    literal_part,
    normalise_pattern,
)


class ShareForm(forms.Form):
    """The team, scope and expiry of a grant, limited to what the credential itself allows."""

    team = forms.ModelChoiceField(
        Team.objects.none(),
        label=_("Team"),
        empty_label=_("Choose a team"),
        help_text=_(
            "Of every team of this installation the name is listed here, and nothing else. It "
            "learns of the share at once."
        ),
    )
    can_push = forms.BooleanField(
        label=_("May push"), required=False, help_text=_("Without it, they pull only.")
    )
    repository_pattern = forms.CharField(
        label=_("Repositories"),
        required=False,
        max_length=255,
        widget=forms.TextInput(attrs=TYPED),
        help_text=_(
            "For which they may use it, with * for any text: my-company/*. Left empty, for all "
            "that the credential serves."
        ),
    )
    expires_at = forms.DateTimeField(
        label=_("Until"),
        required=False,
        **DATETIME_FIELD,
        help_text=_("Afterwards it is refused to them. Left empty, until you take it back."),
    )

    def __init__(
        self, data: Any = None, *, credential: Credential, grant: CredentialGrant | None = None
    ) -> None:
        self.credential = credential
        self.grant = grant
        super().__init__(data, initial=_terms(grant) if grant else {})
        self.fields["repository_pattern"].widget.attrs["placeholder"] = (
            credential.repository_pattern or "my-company/*"
        )

        # A grant cannot allow more than the credential.
        if not credential.can_push:
            del self.fields["can_push"]
        # The team of a grant cannot change: its audit events name it.
        if grant is not None:
            del self.fields["team"]
        else:
            self.fields["team"].queryset = self.teams  # type: ignore[attr-defined]

    @property
    def teams(self) -> QuerySet[Team]:
        """The teams that the credential can be shared with."""
        shared_with = self.credential.grants.filter(revoked_at=None).values("team")
        return Team.objects.exclude(pk=self.credential.team_id).exclude(pk__in=shared_with)

    def terms(self) -> GrantTerms:
        values = self.cleaned_data
        return {
            # The field is missing if the credential is pull-only.
            "can_push": values.get("can_push", False),
            "repository_pattern": values["repository_pattern"],
            "expires_at": values["expires_at"],
        }

    def clean_repository_pattern(self) -> str:
        pattern = normalise_pattern(
            self.cleaned_data["repository_pattern"], self.credential.registry
        )

        # Two patterns cannot both match if the texts before their wildcards differ.
        owned = literal_part(self.credential.repository_pattern)
        shared = literal_part(pattern)
        if not owned.startswith(shared) and not shared.startswith(owned):
            raise ValidationError(
                _("The credential is for %(own)s only, so this would be for nothing at all."),
                params={"own": self.credential.repository_pattern},
            )
        return pattern

    def clean_expires_at(self) -> Any:
        expires_at = self.cleaned_data["expires_at"]
        stored = self.grant.expires_at if self.grant else None
        if is_unchanged(expires_at, stored):
            return stored
        if expires_at is not None and expires_at <= timezone.now():
            raise ValidationError(
                _("This moment has passed. To end the share now, take the credential back.")
            )
        return expires_at


class RotateForm(CredentialForm):
    """A new secret for the same login, with its expiry."""

    def __init__(self, *args: Any, credential: Credential, **kwargs: Any) -> None:
        super().__init__(*args, registry=credential.registry, credential=credential, **kwargs)

        # A rotation changes nothing but the secret and its expiry.
        for name in ("username", "label", "repository_pattern", "can_push"):
            del self.fields[name]
        secret = self.fields["secret"]
        secret.required = True
        secret.help_text = _(
            "It is tried at the registry first. Until it works, the present one stays."
        )

    def _initial(self) -> dict[str, Any]:
        # The expiry of the present secret says nothing about the new one.
        return {"host": self.registry.host}

    def login(self) -> BasicCredential:
        assert self.credential is not None
        return BasicCredential(self.credential.username, self.cleaned_data["secret"])


def _terms(grant: CredentialGrant) -> dict[str, Any]:
    return {
        "can_push": grant.can_push,
        "repository_pattern": grant.repository_pattern,
        "expires_at": grant.expires_at,
    }
