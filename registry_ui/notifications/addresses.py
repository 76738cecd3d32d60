"""The services of notification channels.

Only the listed plugins of apprise are loaded: others read files, start programs or connect to
local daemons.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from registry_ui.oci.errors import OciError

MAX_ADDRESS_LENGTH = 2000


class InvalidAddress(OciError):
    """An address of no known service."""


@dataclass(frozen=True, slots=True)
class Service:
    """A service that delivers messages.

    Args:
        plugin: module and class below `apprise.plugins`.
        schemes: the schemes of its addresses.
        names_host: whether the address names the server, which may then be in a private network,
            as a registry may.
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
SERVICES_BY_SCHEME: Mapping[str, Service] = {
    scheme: service for service in SERVICES for scheme in service.schemes
}


@dataclass(frozen=True, slots=True)
class Address:
    """The parsed address of a channel. Its `plugin` sends; its `repr` has no secret."""

    service: Service
    plugin: Any

    @property
    def scheme(self) -> str:
        return self.service.schemes[0]

    @property
    def named_host(self) -> str:
        """The server of the address; empty where the service has its own."""
        if not self.service.names_host:
            return ""
        return str(getattr(self.plugin, "smtp_host", "") or getattr(self.plugin, "host", "") or "")

    def __repr__(self) -> str:
        return f"Address({self.scheme})"


def read_address(text: str) -> Address:
    """Parse the address of a channel.

    Raises:
        InvalidAddress: the message never contains the address.
    """
    text = text.strip()

    # The message must not repeat the address, which contains a secret.
    if len(text) > MAX_ADDRESS_LENGTH or not text.isprintable():
        raise InvalidAddress("address_malformed")

    scheme = text.partition("://")[0].lower()
    address = _parse_native(text) if scheme in ("https", "http") else _parse_own(text, scheme)
    if address is None:
        raise InvalidAddress("address_without_service")

    return address


def _parse_own(text: str, scheme: str) -> Address | None:
    service = SERVICES_BY_SCHEME.get(scheme)
    return _build_address(service, service.load().parse_url(text)) if service is not None else None


def _parse_native(text: str) -> Address | None:
    """Parse an address as the service shows it (https://hooks.slack.com/…)."""
    for service in SERVICES:
        plugin = service.load()
        parsed = plugin.parse_native_url(text) if hasattr(plugin, "parse_native_url") else None
        if parsed:
            return _build_address(service, parsed)
    return None


def _build_address(service: Service, parsed: dict[str, Any] | None) -> Address | None:
    # Imported late, so that other commands do not load apprise.
    from apprise import AppriseAsset

    # apprise returns None for an address that it cannot parse.
    if not parsed:
        return None

    asset = AppriseAsset(
        app_id="Registry UI",
        app_desc="Registry UI",
        app_url="",
        http_redirects=False,
        secure_logging=True,
    )
    # An address may not decide these: apprise reads `verify` and `redirect` from its query.
    parsed = {**parsed, "asset": asset, "verify": True, "redirect": False}

    try:
        plugin = service.load()(**parsed)
    except (TypeError, ValueError, AttributeError):
        return None

    # Again after the constructor, in case a plugin overrides them.
    plugin.redirects, plugin.verify_certificate = False, True
    return Address(service, plugin)
