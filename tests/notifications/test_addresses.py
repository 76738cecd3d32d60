"""Addresses of services, and options that an address may not set."""

import sys

import pytest

from registry_ui.notifications.addresses import SERVICES, InvalidAddress, read_address
from registry_ui.web.errors import describe

ADDRESSES = {
    "mailtos://user:password@smtp.example.com?to=ops@example.com": ("mailtos", "smtp.example.com"),
    "mailto://user:password@example.com?smtp=10.0.0.1&to=ops@example.com": ("mailtos", "10.0.0.1"),
    "jsons://hooks.example.com/registry": ("jsons", "hooks.example.com"),
    "https://hooks.slack.com/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ": ("slack", ""),
    "https://discord.com/api/webhooks/123456789012345678/abcdefghij": ("discord", ""),
    "mmosts://chat.example.com/3ccdd113474722377935511fc85d3dd4": ("mmosts", "chat.example.com"),
    "ntfys://ntfy.example.com/topic": ("ntfys", "ntfy.example.com"),
    "gotifys://push.example.com/token": ("gotifys", "push.example.com"),
    "tgram://123456789:abcdefg_hijklmnop/12315544": ("tgram", ""),
}


@pytest.mark.parametrize("text", ADDRESSES)
def test_addresses_of_the_services_are_read(text):
    address = read_address(text)

    assert (address.scheme, address.named_host) == ADDRESSES[text]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "file:///etc/passwd",
        "syslog://localhost",
        "dbus://",
        "windows://",
        "signal://127.0.0.1/1",
        "https://example.com/hook",
        "slack://",
        "jsons://a\nb",
        "jsons://" + "a" * 3000,
    ],
)
def test_other_addresses_are_refused_and_never_repeated(text):
    with pytest.raises(InvalidAddress) as caught:
        read_address(text)

    assert (
        not text or text not in f"{describe(caught.value).sentence} {describe(caught.value).advice}"
    )


def test_an_address_cannot_disable_certificates_or_enable_redirects():
    plugin = read_address("jsons://hooks.example.com/?verify=no&redirect=yes").plugin

    assert (plugin.verify_certificate, plugin.redirects) == (True, False)


def test_printing_an_address_shows_no_secret():
    assert (
        repr(read_address("mailtos://user:canary@smtp.example.com?to=ops@example.com"))
        == "Address(mailtos)"
    )


def test_every_listed_plugin_exists_with_its_schemes():
    for service in SERVICES:
        plugin = service.load()
        theirs = {
            scheme
            for schemes in (plugin.protocol, plugin.secure_protocol)
            if schemes
            for scheme in ([schemes] if isinstance(schemes, str) else schemes)
        }
        assert set(service.schemes) <= theirs, service.title


def test_only_listed_plugins_are_loaded():
    read_address("jsons://hooks.example.com/")

    loaded = {
        name.split(".")[2]
        for name in sys.modules
        if name.startswith("apprise.plugins.") and name.count(".") >= 2
    }
    assert not loaded & {"dbus", "syslog", "windows", "macosx", "gnome", "aprs", "smpp", "mqtt"}
