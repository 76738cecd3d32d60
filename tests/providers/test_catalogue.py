import importlib
import pkgutil

import pytest

from registry_ui import providers
from registry_ui.providers.catalogue import (
    BUILTIN,
    GENERAL,
    PROVIDERS,
    addable_provider_for_host,
    list_addable_providers,
    provider_choices,
    provider_for_host,
    provider_named,
    registry_host_of,
    without_port,
)
from registry_ui.providers.provider import Provider
from registry_ui.web.icons import icon


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("docker.io", "docker_hub"),
        ("quay.io", "quay"),
        ("harbor.example.com:8443", "harbor"),
        # A certain host comes before a likely one.
        ("harbor.cn-hangzhou.aliyuncs.com", "aliyun_acr"),
        ("registry.example.com:5000", "private"),
        ("[2001:db8::1]:5000", "private"),
    ],
)
def test_the_provider_is_recognized_by_the_host(host, name):
    assert provider_for_host(host).name == name


def test_a_provider_without_a_tile_is_added_as_a_private_registry():
    assert addable_provider_for_host("quay.io") is GENERAL
    assert addable_provider_for_host("ghcr.io").name == "ghcr"


def test_names_are_unique_and_fit_the_column():
    names = [provider.name for provider in PROVIDERS]
    assert len(set(names)) == len(names)
    assert max(map(len, names)) <= 20
    assert all(provider_named(name).name == name for name in names)


def test_an_unknown_name_is_no_provider():
    with pytest.raises(KeyError):
        provider_named("nobody")


def test_rows_have_the_kinds_that_people_add_and_the_built_in_one():
    names = [name for name, _title in provider_choices()]
    assert names == [provider.name for provider in list_addable_providers()] + [BUILTIN.name]


@pytest.mark.parametrize("provider", list_addable_providers(), ids=lambda provider: provider.name)
def test_a_tile_and_a_form_have_all_their_texts(provider):
    assert len(provider.secret_steps) == 3
    assert "<svg" in icon(provider.icon)
    assert provider.host or (provider.host_example and provider.host_help)
    for text in ("title", "tagline", "username_help", "secret_name", "example"):
        assert str(getattr(provider, text)), text
    assert provider.has_catalog or provider.no_listing_reason
    assert bool(provider.namespaces_label) == bool(provider.namespaces_help)


@pytest.mark.parametrize("provider", PROVIDERS, ids=lambda provider: provider.name)
def test_the_own_hosts_of_a_provider_are_recognized_as_its_own(provider):
    host = provider.host or provider.host_example
    if host and provider is not GENERAL:
        assert provider_for_host(host) is provider


@pytest.mark.parametrize(
    ("host", "name"),
    [("a.example:5000", "a.example"), ("a.example", "a.example"), ("[::1]", "[::1]")],
)
def test_a_port_is_no_part_of_the_name(host, name):
    assert without_port(host) == name


def test_every_provider_of_the_package_is_registered_once():
    for module in pkgutil.iter_modules(providers.__path__):
        importlib.import_module(f"{providers.__name__}.{module.name}")
    defined = {
        provider.__name__
        for provider in Provider.__subclasses__()
        if provider.__module__.startswith(providers.__name__)
    }
    registered = [type(provider).__name__ for provider in PROVIDERS]
    assert sorted(registered) == sorted(defined)


@pytest.mark.parametrize("provider", list_addable_providers(), ids=lambda provider: provider.name)
def test_a_provider_that_people_log_in_at_stands_in_the_guide(provider):
    login = provider.guide_login
    assert (login is None) == (provider is GENERAL)
    if login is not None:
        assert login.username or login.username_code
        assert login.secret
        assert login.before_push


def test_web_pages_lead_to_the_registry_behind_them():
    assert registry_host_of("hub.docker.com") == "docker.io"
    assert registry_host_of("hub.docker.com.evil.example") == "hub.docker.com.evil.example"
