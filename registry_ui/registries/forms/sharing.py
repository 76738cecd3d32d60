from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from registry_ui.accounts.models import Team
from registry_ui.oci.client import BasicCredential

from ..granting import Terms
from ..models import Credential, CredentialGrant
from .credential import MOMENT, TYPED, CredentialForm, checked_pattern, literal_part


class ShareForm(forms.Form):
    """With whom, for what, until when. No more than the credential itself may do can be asked for."""

    team = forms.ModelChoiceField(
        Team.objects.none(),
        label=_("Team"),
        empty_label=_("Choose a team"),
        help_text=_(
            "Of every team of this installation the name is listed here, and nothing else. It learns of the share at once."
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
            "For which they may use it, with * for any text: my-company/*. Left empty, for all that the credential serves."
        ),
    )
    until = forms.DateTimeField(
        label=_("Until"),
        required=False,
        **MOMENT,
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
        if not credential.can_push:
            del self.fields["can_push"]
        if grant is not None:
            del self.fields["team"]
        else:
            self.fields["team"].queryset = self.teams  # type: ignore[attr-defined]

    @property
    def teams(self) -> QuerySet[Team]:
        """Those that it can be shared with: all but its own and those that have it."""
        have_it = self.credential.grants.filter(revoked_at=None).values("team")
        return Team.objects.exclude(pk=self.credential.team_id).exclude(pk__in=have_it)

    def terms(self) -> Terms:
        values = self.cleaned_data
        return {
            "can_push": values.get("can_push", False),
            "repository_pattern": values["repository_pattern"],
            "until": values["until"],
        }

    def clean_repository_pattern(self) -> str:
        pattern = checked_pattern(self.cleaned_data["repository_pattern"], self.credential.registry)
        mine, theirs = literal_part(self.credential.repository_pattern), literal_part(pattern)
        if not mine.startswith(theirs) and not theirs.startswith(mine):
            raise ValidationError(
                _("The credential is for %(own)s only, so this would be for nothing at all."),
                params={"own": self.credential.repository_pattern},
            )
        return pattern

    def clean_until(self) -> Any:
        moment = self.cleaned_data["until"]
        present = self.grant.until if self.grant else None
        # The field knows no seconds.
        if (
            moment is not None
            and present is not None
            and moment == present.replace(second=0, microsecond=0)
        ):
            return present
        if moment is not None and moment <= timezone.now():
            raise ValidationError(
                _("This moment has passed. To end the share now, take the credential back.")
            )
        return moment


class RotateForm(CredentialForm):
    """A new secret for the same login, and when that one ends."""

    def __init__(self, *args: Any, credential: Credential, **kwargs: Any) -> None:
        super().__init__(*args, registry=credential.registry, credential=credential, **kwargs)
        for name in ("username", "label", "repository_pattern", "can_push"):
            del self.fields[name]
        secret = self.fields["secret"]
        secret.required = True
        secret.help_text = _(
            "It is tried at the registry first. Until it works, the present one stays."
        )

    def _initial(self) -> dict[str, Any]:
        """The present secret's end says nothing about the new one's."""
        return {"host": self.registry.host}

    def login(self) -> BasicCredential:
        assert self.credential is not None
        return BasicCredential(self.credential.username, self.cleaned_data["secret"])


def _terms(grant: CredentialGrant) -> dict[str, Any]:
    return {
        "can_push": grant.can_push,
        "repository_pattern": grant.repository_pattern,
        "until": grant.until,
    }
