import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from registry_ui.accounts.models import Team
from registry_ui.oci.errors import OciError
from registry_ui.oci.name_lists import is_repository
from registry_ui.providers.catalogue import provider_for_host, provider_named
from registry_ui.web.errors import describe

from .certificates import clean_pem, holds_private_key
from .hosts import read_host
from .models import Registry, Security
from .services import bound_host_message, find_registry
from .validators import validate_printable

_TYPED = {"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false", "class": "mono"}
# A pattern has at least two labels after the star: *.com would approve too many hosts.
_PATTERN = re.compile(r"\*\.(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z0-9-]+")
# Every host in the list may receive secrets, and every namespace costs a request.
_TOKEN_HOSTS_LIMIT = 20
_NAMESPACES_LIMIT = 100
_DEFAULT_INDEX_HOURS = 6
# RFC 1035, "Size limits": 255 octets on the wire are 253 characters of text.
_LONGEST_HOST = 253


class RegistryForm(forms.Form):
    """A registry of one provider. `corrected_host` is set if a host was pasted as a URL."""

    host = forms.CharField(label=_("Host"), max_length=500)
    name = forms.CharField(
        label=_("Name"),
        required=False,
        max_length=100,
        validators=[validate_printable],
        help_text=_("As your team calls it. Left empty, the host is its name."),
    )
    security = forms.ChoiceField(
        label=_("Connection"),
        widget=forms.RadioSelect,
        choices=[
            (Security.VERIFY, _("HTTPS, certificate from a public authority")),
            (Security.OWN_CA, _("HTTPS, certificate from your own authority")),
            (Security.PLAIN_HTTP, _("Plain HTTP, not encrypted")),
        ],
    )
    ca_certificate = forms.CharField(
        label=_("The authority's certificate (PEM)"),
        required=False,
        widget=forms.Textarea(
            attrs={**_TYPED, "rows": 7, "placeholder": "-----BEGIN CERTIFICATE-----"}
        ),
        help_text=_(
            "Of the authority that signed the registry's certificate. It is trusted for this "
            "registry alone."
        ),
    )
    accepts_plain_http = forms.BooleanField(
        label=_("I know that everybody on the way can read the secrets and change the images."),
        required=False,
    )
    token_hosts = forms.CharField(
        label=_("Token servers"),
        required=False,
        widget=forms.Textarea(attrs={**_TYPED, "rows": 2, "placeholder": "auth.example.com"}),
        help_text=_(
            "Hosts beside its own that hand out its tokens, one a line; *.example.com stands for "
            "all names below. "
            "They are sent this registry's secrets, so name only hosts that you trust as much."
        ),
    )
    index_hours = forms.TypedChoiceField(
        label=_("Look at its contents"),
        required=False,
        coerce=int,
        empty_value=None,
        choices=[
            (1, _("every hour")),
            (6, _("every 6 hours")),
            (24, _("every day")),
            (168, _("every week")),
            (0, _("only when somebody asks")),
        ],
        help_text=_(
            "Lists, search and sizes show what the latest look has found. What has not changed "
            "costs one short request a tag."
        ),
    )
    mirror_max_requests = forms.IntegerField(
        label=_("Requests at once, for mirrors"),
        required=False,
        min_value=0,
        max_value=1000,
        help_text=_(
            "Of all mirrors together, shared fairly. 0 leaves it to whoever runs this installation."
        ),
    )
    mirror_max_kib_per_second = forms.IntegerField(
        label=_("KiB a second, for mirrors"),
        required=False,
        min_value=0,
        max_value=100_000_000,
        help_text=_(
            "Of all mirrors together, shared fairly. 0 leaves it to whoever runs this installation."
        ),
    )
    namespaces = forms.CharField(required=False, widget=forms.Textarea(attrs={**_TYPED, "rows": 3}))

    def __init__(
        self, *args: Any, team: Team, provider: str, registry: Registry | None = None, **kwargs: Any
    ) -> None:
        self.team = team
        self.registry = registry
        self.provider = provider_named(provider)
        self.corrected_host = ""
        kwargs["initial"] = {**self._initial(), **(kwargs.get("initial") or {})}
        super().__init__(*args, **kwargs)
        self._adapt_host()
        self._adapt_namespaces()
        # The page always sends it; a client that leaves it out does not change it.
        self.fields["index_hours"].required = (
            not self.is_bound or self.add_prefix("index_hours") in self.data
        )
        if self.provider.host:
            self.fields["name"].help_text = _("As your team calls it.")
            self.fields["name"].widget.attrs["placeholder"] = str(self.provider.title)

    @property
    def has_bound_host(self) -> bool:
        return self.registry is not None and self.registry.credentials.exists()

    @property
    def has_unusual_settings(self) -> bool:
        """Return whether the advanced part is open: a setting in it is changed or invalid."""
        advanced = {"security", "ca_certificate", "accepts_plain_http", "token_hosts"}
        is_set = self["security"].value() != Security.VERIFY or bool(self["token_hosts"].value())
        return is_set or bool(advanced & set(self.errors))

    @property
    def known_token_hosts(self) -> tuple[str, ...]:
        if self.registry is None:
            return ()
        return provider_for_host(self.registry.host).token_hosts(self.registry.host)

    def _initial(self) -> dict[str, Any]:
        registry = self.registry
        if registry is None:
            return {"security": Security.VERIFY, "index_hours": _DEFAULT_INDEX_HOURS}

        return {
            "host": registry.host,
            "name": registry.name,
            "security": registry.security,
            "ca_certificate": registry.ca_certificate,
            "accepts_plain_http": registry.security == Security.PLAIN_HTTP,
            "token_hosts": "\n".join(registry.token_hosts),
            "index_hours": registry.index_hours,
            "mirror_max_requests": registry.mirror_max_requests,
            "mirror_max_kib_per_second": registry.mirror_max_kib_per_second,
            "namespaces": "\n".join(registry.namespaces),
        }

    def _adapt_host(self) -> None:
        field = self.fields["host"]
        field.widget.attrs.update(_TYPED, placeholder=self.provider.host_example)
        field.help_text = str(self.provider.host_help)
        if self.provider.host:
            # A disabled field ignores what the client sends (Django).
            field.disabled, field.initial = True, self.provider.host
            self.initial["host"] = self.provider.host
            field.help_text = _("This provider has only this one.")
        elif self.has_bound_host:
            field.disabled = True
            field.help_text = bound_host_message()

    def _adapt_namespaces(self) -> None:
        if not self.provider.namespaces_label:
            del self.fields["namespaces"]
            return
        field = self.fields["namespaces"]
        field.label, field.help_text = (
            str(self.provider.namespaces_label),
            str(self.provider.namespaces_help),
        )
        field.widget.attrs["placeholder"] = self.provider.namespaces_example

    def clean_host(self) -> str:
        text = self.cleaned_data["host"]
        try:
            host = read_host(text)
        except OciError as exc:
            raise ValidationError(str(describe(exc)), code="host") from exc

        known = find_registry(self.team, host.name)
        # A team has one row per host, because a reference identifies its registry by host only.
        if known is not None and known != self.registry:
            raise ValidationError(
                _("The team has the registry %(host)s already."),
                code="known",
                params={"host": host.name},
            )
        if host.is_corrected and not self.fields["host"].disabled:
            self.corrected_host = host.name

        return host.name

    def clean_ca_certificate(self) -> str:
        text: str = self.cleaned_data["ca_certificate"]
        if holds_private_key(text):
            self._clear_input("ca_certificate")
            raise ValidationError(
                _(
                    "This text holds a private key, which nobody else should see. Paste the "
                    "certificate alone; consider the key known."
                ),
                code="private_key",
            )
        return text

    def clean_token_hosts(self) -> list[str]:
        hosts = self.cleaned_data["token_hosts"].replace(",", " ").split()
        if len(hosts) > _TOKEN_HOSTS_LIMIT:
            raise ValidationError(
                _("At most %(limit)s token servers."), params={"limit": _TOKEN_HOSTS_LIMIT}
            )
        return list(dict.fromkeys(map(_token_host, hosts)))

    def clean_index_hours(self) -> int:
        """Return the hours; the stored ones if the field was not sent."""
        hours: int | None = self.cleaned_data["index_hours"]
        return int(self.initial["index_hours"]) if hours is None else hours

    def clean_mirror_max_requests(self) -> int:
        return self._number_or_stored("mirror_max_requests")

    def clean_mirror_max_kib_per_second(self) -> int:
        return self._number_or_stored("mirror_max_kib_per_second")

    def _number_or_stored(self, name: str) -> int:
        """Return the number; the stored one if the field was not sent."""
        number: int | None = self.cleaned_data[name]
        return int(self.initial.get(name) or 0) if number is None else number

    def clean_namespaces(self) -> list[str]:
        names = self.cleaned_data["namespaces"].replace(",", " ").lower().split()
        # People copy names with the host or a slash; duplicates are removed in order.
        names = list(
            dict.fromkeys(name.removeprefix(f"{self.provider.host}/").strip("/") for name in names)
        )
        if len(names) > _NAMESPACES_LIMIT:
            raise ValidationError(
                _("At most %(limit)s names."), params={"limit": _NAMESPACES_LIMIT}
            )
        for name in names:
            if "/" in name or not is_repository(name):
                message = _(
                    "“%(name)s” is no such name: write the part before the slash alone, with 0–9, "
                    "a–z and “._-” between them."
                )
                raise ValidationError(message, params={"name": name[:100]})
            if name in self.provider.reserved_namespaces:
                raise ValidationError(str(self.provider.reserved_listing_message))

        return names

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        security = values.get("security")
        if security == Security.PLAIN_HTTP and not values.get("accepts_plain_http"):
            self.add_error("accepts_plain_http", _("Tick this to use plain HTTP, or choose HTTPS."))
        if security == Security.OWN_CA and "ca_certificate" not in self.errors:
            self._check_authority(values)
        elif security and security != Security.OWN_CA:
            # A certificate that is not used must not stay in the row unseen.
            values["ca_certificate"] = ""

        # Providers that do not list by namespace have no such field.
        values.setdefault("namespaces", [])
        if not values.get("name"):
            values["name"] = self.provider.registry_name(values.get("host", ""))

        return values

    def _check_authority(self, values: dict[str, Any]) -> None:
        text = values.get("ca_certificate", "")
        if not text.strip():
            self.add_error(
                "ca_certificate",
                _("Paste the authority's certificate, or choose another connection."),
            )
            return
        try:
            values["ca_certificate"] = clean_pem(text)
        except OciError as exc:
            self.add_error("ca_certificate", str(describe(exc)))

    def _clear_input(self, name: str) -> None:
        """Remove what was typed, so that the page does not send it back."""
        self.data = {**self.data.dict(), self.add_prefix(name): ""}  # type: ignore[attr-defined]


def _token_host(text: str) -> str:
    host = text.strip().lower()
    if len(host) > _LONGEST_HOST:
        raise ValidationError(_("“%(host)s …” is too long for a host."), params={"host": text[:60]})
    if _PATTERN.fullmatch(host):
        return host
    # Only a leading `*.` is supported.
    if "*" in host:
        message = _(
            "“%(host)s” covers too much, or is no pattern: write *.example.com, with a whole "
            "domain behind the star."
        )
        raise ValidationError(message, params={"host": text[:100]})
    try:
        # Approval is by host name; the port of a token server plays no part in it.
        name = read_host(host).name
        return name.partition("]")[0] + "]" if name.startswith("[") else name.partition(":")[0]
    except OciError as exc:
        raise ValidationError(str(describe(exc))) from exc
