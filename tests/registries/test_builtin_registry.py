"""The built-in registry: its host, and the names that a team may use there."""

import pytest

from registry_ui.oci.errors import InvalidReference
from registry_ui.oci.reference import Reference
from registry_ui.registries import builtin_registry
from registry_ui.registries.builtin_registry import (
    builtin_registry_host,
    builtin_registry_prefix,
    check_builtin_name,
    is_builtin_registry,
    open_builtin_registry,
)
from registry_ui.web.errors import describe

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://images.example.com", "images.example.com"),
        ("http://Images.Example.com:8000/", "images.example.com:8000"),
        ("http://user@images.example.com", "images.example.com"),
        ("https://registry", "registry:443"),
        ("http://registry", "registry:80"),
        ("http://localhost", "localhost"),
    ],
)
def test_the_host_is_that_of_the_address(settings, url, host):
    settings.URL = url

    assert builtin_registry_host() == host
    assert is_builtin_registry(host)
    assert Reference.parse(f"{host}/team/app").registry == host


@pytest.mark.parametrize("name", ["{prefix}app:1.0", "{prefix}tools/app", "docker.io/library/app"])
def test_names_of_the_team_and_of_other_hosts_are_allowed(team, name):
    check_builtin_name(team, Reference.parse(name.format(prefix=builtin_registry_prefix(team))))


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("{host}/other/app:1.0", "{prefix}app:1.0"),
        ("{host}/app", "{prefix}app:latest"),
        ("{prefix}proxy/docker.io/library/nginx:1", "Choose another name."),
    ],
)
def test_other_names_are_refused_with_one_that_works(team, name, advice):
    names = {"host": builtin_registry_host(), "prefix": builtin_registry_prefix(team)}

    with pytest.raises(InvalidReference) as caught:
        check_builtin_name(team, Reference.parse(name.format(**names)))
    assert advice.format(**names) in describe(caught.value).advice


def test_without_the_serving_app_nothing_is_opened(team, monkeypatch):
    monkeypatch.setattr(builtin_registry.BUILTIN_OPENERS, "_items", [])

    with pytest.raises(RuntimeError):
        open_builtin_registry(team)
