"""The catalogue and tags as generators: pages, page sizes, and hostile responses."""

import itertools
import json

import pytest

from registry_ui.oci import name_lists
from registry_ui.oci.basic_credential import BasicCredential
from registry_ui.oci.errors import (
    Denied,
    EgressRefused,
    InvalidManifest,
    InvalidReference,
    ServerFailed,
    Unauthorized,
    Unsupported,
)
from tests.parts.scripted_server import Reply

CATALOG = "/v2/_catalog"
TAGS = "/v2/team/app/tags/list"


def page(names, link="", member="repositories"):
    return Reply(body=json.dumps({member: names}).encode(), headers={"Link": link} if link else {})


def error(status, code):
    return Reply(status, json.dumps({"errors": [{"code": code, "message": "no"}]}).encode())


def names_of(client):
    return list(client.iterate_repositories())


def sizes_of(scripted):
    return [call.query.get("n", [""])[0] for call in scripted.made("GET", CATALOG)]


def test_the_catalogue_comes_in_pages_relative_and_absolute(scripted, client_of):
    pages = {
        None: page(["a", "b/c"], f'<{CATALOG}?last=b%2Fc&n=1000>; rel="next"'),
        "b/c": page(["d"], f"<{scripted.url}{CATALOG}?last=d>; rel=next"),
        "d": page(["e", "a"]),
    }
    scripted.on("GET", CATALOG, lambda call: pages[call.query.get("last", [None])[0]])
    assert names_of(client_of(scripted)) == ["a", "b/c", "d", "e"]


def test_pages_are_asked_only_as_names_are_taken(scripted, client_of):
    scripted.on("GET", CATALOG, page(["a"], f'<{CATALOG}?last=a>; rel="next"'), page(["b"]))
    names = client_of(scripted).iterate_repositories()
    assert scripted.calls == []
    assert next(names) == "a"
    assert len(scripted.made("GET", CATALOG)) == 1
    assert list(names) == ["b"]


@pytest.mark.parametrize(
    "refusal",
    [
        error(413, "SIZE_INVALID"),
        error(400, "PAGINATION_NUMBER_INVALID"),
        error(400, "UNSUPPORTED"),
        Reply(422),
    ],
)
def test_a_smaller_page_is_asked_for_where_a_thousand_is_refused(scripted, client_of, refusal):
    scripted.on("GET", CATALOG, refusal, page(["a"]))
    assert names_of(client_of(scripted)) == ["a"]
    assert sizes_of(scripted) == ["1000", "100"]


def test_no_size_at_all_is_the_last_try(scripted, client_of):
    scripted.on("GET", CATALOG, error(400, "UNSUPPORTED"), error(413, ""), page(["a"]))
    assert names_of(client_of(scripted)) == ["a"]
    assert sizes_of(scripted) == ["1000", "100", ""]


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (Reply(404, b"404 page not found"), Unsupported),
        (error(404, "NAME_UNKNOWN"), Unsupported),
        (error(405, "UNSUPPORTED"), Unsupported),
        (Reply(501), Unsupported),
        (Reply(401), Unauthorized),
        (Reply(403), Denied),
        (Reply(503), ServerFailed),
        (Reply(200, b"<html>packages", {"Content-Type": "text/html"}), Unsupported),
        (Reply(200, b'{"repositories": "x"}'), Unsupported),
        (Reply(200, b"[]"), None),
    ],
)
def test_registries_without_a_catalogue(scripted, client_of, reply, kind):
    scripted.on("GET", CATALOG, reply)
    client = client_of(scripted, BasicCredential("robot", "secret"))
    if kind is None:
        assert names_of(client) == []
        return
    with pytest.raises(kind) as caught:
        names_of(client)
    assert caught.value.code != "repository_unknown"


def test_missing_right_to_list_is_reported(scripted, client_of):
    scripted.on("GET", CATALOG, error(403, "DENIED"))
    with pytest.raises(Denied, match=r"^denied_listing_anonymous "):
        names_of(client_of(scripted))


@pytest.mark.parametrize("body", [b'{"repositories": null}', b'{"repositories": []}', b"{}"])
def test_an_empty_catalogue(scripted, client_of, body):
    scripted.on("GET", CATALOG, Reply(body=body))
    assert names_of(client_of(scripted)) == []


def test_names_that_no_registry_could_serve_are_left_out(scripted, client_of):
    names = [
        "good/one",
        None,
        5,
        "",
        "UPPER",
        "../etc",
        "a//b",
        "a b",
        "x" * 256,
        "<b>",
        "team/app:tag",
        {"a": 1},
        "good/one",
    ]
    scripted.on("GET", CATALOG, page(names))
    assert names_of(client_of(scripted)) == ["good/one"]


@pytest.mark.parametrize(
    "link",
    [
        f'<{CATALOG}?n=1000>; rel="next"',
        f'<{CATALOG}>; rel="next"',
        '<>; rel="next"',
        f'<{CATALOG}?last=a>; rel="next"',
    ],
)
def test_a_catalogue_that_repeats_itself_ends(scripted, client_of, link):
    scripted.on("GET", CATALOG, page(["a", "b"], link))
    assert names_of(client_of(scripted)) == ["a", "b"]
    assert len(scripted.made("GET", CATALOG)) <= 2


@pytest.mark.parametrize(
    "start",
    [
        "https://evil.example/v2/_catalog",
        "//evil.example/x",
        "http://127.0.0.1:1/v2/_catalog",
        "ftp://x/y",
    ],
)
def test_a_list_that_goes_on_elsewhere_is_refused(scripted, client_of, start):
    scripted.on("GET", CATALOG, page(["a"], f'<{start}>; rel="next"'))
    scripted.on("GET", TAGS, page(["1"], f'<{start}>; rel="next"', "tags"))
    client = client_of(scripted)
    for names in (client.iterate_repositories(), client.iterate_tags("team/app")):
        with pytest.raises(EgressRefused):
            list(names)


def test_an_endless_catalogue_is_cut_off(scripted, client_of, monkeypatch):
    monkeypatch.setattr(name_lists, "REPOSITORIES_LIMIT", 50)
    counter = itertools.count()

    def endless(_call):
        number = next(counter)
        return page(
            [f"r{number}-{index}" for index in range(20)], f'<{CATALOG}?last={number}>; rel="next"'
        )

    scripted.on("GET", CATALOG, endless)
    assert len(names_of(client_of(scripted))) == 50
    assert len(scripted.made("GET", CATALOG)) == 3


def test_a_page_of_ten_megabytes_is_refused(scripted, client_of):
    scripted.on("GET", CATALOG, Reply(body=b'{"repositories": ["' + b"a" * 10_000_000 + b'"]}'))
    with pytest.raises(InvalidManifest, match=r"^answer_too_large "):
        names_of(client_of(scripted))


def test_tags_as_they_are_taken(scripted, client_of):
    scripted.on(
        "GET", TAGS, page(["1"], f'<{TAGS}?last=1>; rel="next"', "tags"), page(None, member="tags")
    )
    client = client_of(scripted)
    with pytest.raises(InvalidReference):
        client.iterate_tags("Team/App")
    tags = client.iterate_tags("team/app")
    assert scripted.calls == []
    assert list(tags) == ["1"]


# --- a real registry


def test_the_catalogue_of_a_real_registry(own_registry, image_factory, client_of):
    repositories = sorted(own_registry.new_repository() for _ in range(3))
    for repository in repositories:
        image_factory(own_registry, repository, "1.0")
    assert names_of(client_of(own_registry.host)) == repositories


def test_the_catalogue_needs_a_scope_of_its_own(token_registry, image_factory, client_of):
    repository = token_registry.new_repository()
    image_factory(token_registry, repository, "1.0")
    publisher = BasicCredential(token_registry.username, token_registry.password)
    assert repository in names_of(client_of(token_registry.host, publisher))
    reader = BasicCredential(token_registry.reader_username, token_registry.reader_password)
    with pytest.raises(Denied, match=r"^denied_listing"):
        names_of(client_of(token_registry.host, reader))
