"""Catalogs of registries, and the parts that the lists of all providers share."""

import pytest

from registry_ui.oci.errors import EgressRefused, InvalidManifest, RateLimited, ServerFailed
from registry_ui.providers import repository_lists
from registry_ui.providers.repository_lists import (
    ListingUnavailable,
    is_namespace,
    started_list,
    texts_in,
)
from tests.parts.repository_lists import CATALOG, reply
from tests.parts.scripted_server import Reply


def test_a_registry_is_listed_by_its_catalogue(server, list_of):
    server.on("GET", CATALOG, reply({"repositories": ["team/app", "tool"]}))
    result = list_of("private")
    names = result.names
    assert result.is_catalog
    assert list(names) == ["team/app", "tool"]


@pytest.mark.parametrize("status", [401, 403, 404, 405, 501])
def test_without_a_catalogue_the_advice_is_to_add_repositories(server, list_of, status):
    server.on("GET", CATALOG, Reply(status))
    with pytest.raises(ListingUnavailable) as caught:
        list_of("private")
    code = "listing_refused_without_login" if status == 401 else "listing_refused"
    assert (caught.value.code, caught.value.status) == (code, status)
    assert caught.value.parameters["cause"]["parameters"]["host"] == server.host


def test_a_web_page_is_no_catalogue(server, list_of):
    server.on("GET", CATALOG, Reply(200, b"<html>", {"Content-Type": "text/html"}))
    with pytest.raises(ListingUnavailable):
        list_of("private")


@pytest.mark.parametrize(("status", "kind"), [(429, RateLimited), (503, ServerFailed)])
def test_an_error_is_not_a_missing_list(server, list_of, status, kind):
    server.on("GET", CATALOG, Reply(status))
    with pytest.raises(kind):
        list_of("private")


def test_a_next_page_of_another_host_is_refused(server, list_of):
    server.on(
        "GET", CATALOG, reply({"repositories": ["a"]}, Link='<https://evil.example/>; rel="next"')
    )
    with pytest.raises(EgressRefused):
        list(list_of("private").names)


@pytest.mark.parametrize("provider", ["ghcr", "aliyun_acr"])
def test_providers_without_a_list_get_no_request(server, list_of, provider):
    with pytest.raises(ListingUnavailable, match=f"^listing_unavailable provider={provider}$"):
        list_of(provider)
    assert server.calls == []


def test_names_are_distinct_valid_and_limited(monkeypatch):
    monkeypatch.setattr(repository_lists, "REPOSITORIES_LIMIT", 2)
    names = started_list(iter(["a/b", "a/b", "../x", "c", "d"])).names
    assert list(names) == ["a/b", "c"]


@pytest.mark.parametrize(
    ("name", "expected"), [("acme", True), ("a/b", False), ("..", False), ("A", False)]
)
def test_a_namespace_is_one_component(name, expected):
    assert is_namespace(name) is expected


def test_only_a_list_has_texts():
    assert texts_in([{"name": "a"}, {"name": 1}, 5], "name", "host") == ["a"]
    assert texts_in(None, "name", "host") == []
    with pytest.raises(InvalidManifest, match=r"^not_a_repository_list host=host\.example$"):
        texts_in("x", "name", "host.example")
