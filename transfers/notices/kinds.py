"""The services that a channel can lead to. Only the listed plugins of apprise are ever loaded: others read files, start programs
or speak to this machine's own daemons."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from registry_ui.oci.errors import OciError

LONGEST_ADDRESS = 2000


class InvalidAddress(OciError):
    """No address of a service that is known here."""


@dataclass(frozen=True, slots=True)
class Service:
    """One service.

    Args:
        plugin: module and class below `apprise.plugins`.
        schemes: of its addresses.
        names_host: whether the address names the server, which may then lie in a private network as a registry may.
    """

    title: str | Promise
    plugin: str
    schemes: tuple[str, ...]
    example: str
    names_host: bool = False

    def load(self) -> Any:
        module, _colon, name = self.plugin.partition(":")
        return getattr(import_module(f"apprise.plugins.{module}"), name)


SERVICES = (
    Service(
        gettext_lazy("E-mail"),
        "email:NotifyEmail",
        ("mailtos", "mailto"),
        "mailtos://user:password@smtp.example.com?to=ops@example.com",
        True,
    ),
    Service(
        gettext_lazy("Webhook (JSON)"),
        "custom_json:NotifyJSON",
        ("jsons", "json"),
        "jsons://hooks.example.com/registry",
        True,
    ),
    Service("Slack", "slack:NotifySlack", ("slack",), "https://hooks.slack.com/services/T…/B…/…"),
    Service(
        "Microsoft Teams",
        "workflows:NotifyWorkflows",
        ("workflows", "workflow"),
        "https://….logic.azure.com/workflows/…",
    ),
    Service(
        "Discord", "discord:NotifyDiscord", ("discord",), "https://discord.com/api/webhooks/…/…"
    ),
    Service(
        "Mattermost",
        "mattermost:NotifyMattermost",
        ("mmosts", "mmost"),
        "mmosts://chat.example.com/token",
        True,
    ),
    Service(
        "Matrix",
        "matrix:NotifyMatrix",
        ("matrixs", "matrix"),
        "matrixs://user:password@matrix.example.com/#room",
        True,
    ),
    Service(
        "Google Chat", "google_chat:NotifyGoogleChat", ("gchat",), "gchat://workspace/key/token"
    ),
    Service("Telegram", "telegram:NotifyTelegram", ("tgram",), "tgram://bot-token/chat-id"),
    Service("Webex", "webexteams:NotifyWebexTeams", ("webex", "wxteams"), "webex://token"),
    Service("ntfy", "ntfy:NotifyNtfy", ("ntfys", "ntfy"), "ntfys://ntfy.example.com/topic", True),
    Service(
        "Gotify",
        "gotify:NotifyGotify",
        ("gotifys", "gotify"),
        "gotifys://push.example.com/token",
        True,
    ),
    Service("Pushover", "pushover:NotifyPushover", ("pover",), "pover://user-key@token"),
    Service(
        "PagerDuty",
        "pagerduty:NotifyPagerDuty",
        ("pagerduty",),
        "pagerduty://integration-key@api-key/source/component",
    ),
    Service("Opsgenie", "opsgenie:NotifyOpsgenie", ("opsgenie",), "opsgenie://api-key"),
)
BY_SCHEME: Mapping[str, Service] = {
    scheme: service for service in SERVICES for scheme in service.schemes
}


@dataclass(frozen=True, slots=True)
class Address:
    """A channel's address, taken apart. Its `plugin` sends; printing it shows nothing of it."""

    service: Service
    plugin: Any

    @property
    def scheme(self) -> str:
        return self.service.schemes[0]

    @property
    def named_host(self) -> str:
        """The server that the person named; empty where the service has its own."""
        if not self.service.names_host:
            return ""
        return str(getattr(self.plugin, "smtp_host", "") or getattr(self.plugin, "host", "") or "")

    def __repr__(self) -> str:
        return f"Address({self.scheme})"


def read_address(text: str) -> Address:
    """
    Raises:
        InvalidAddress: it never repeats the address.
    """
    text = text.strip()
    if len(text) > LONGEST_ADDRESS or not text.isprintable():
        raise InvalidAddress(_("This is no address."), advice=_("Copy it again, as one line."))
    scheme = text.partition("://")[0].lower()
    found = _native(text) if scheme in ("https", "http") else _own(text, scheme)
    if found is None:
        raise InvalidAddress(
            _("No service takes this address."),
            advice=_("Write it as one of the examples. A plain webhook begins with jsons://"),
        )
    return found


def _own(text: str, scheme: str) -> Address | None:
    service = BY_SCHEME.get(scheme)
    return _built(service, service.load().parse_url(text)) if service is not None else None


def _native(text: str) -> Address | None:
    """The address that the service itself shows: https://hooks.slack.com/…"""
    for service in SERVICES:
        plugin = service.load()
        parsed = plugin.parse_native_url(text) if hasattr(plugin, "parse_native_url") else None
        if parsed:
            return _built(service, parsed)
    return None


def _built(service: Service, parsed: dict[str, Any] | None) -> Address | None:
    from apprise import AppriseAsset

    if not parsed:
        return None
    asset = AppriseAsset(
        app_id="Registry UI",
        app_desc="Registry UI",
        app_url="",
        http_redirects=False,
        secure_logging=True,
    )
    # What the address itself may not decide: redirects are not followed, and certificates are checked.
    parsed = {**parsed, "asset": asset, "verify": True, "redirect": False}
    try:
        plugin = service.load()(**parsed)
    except (TypeError, ValueError, AttributeError):
        return None
    plugin.redirects, plugin.verify_certificate = False, True
    return Address(service, plugin)
