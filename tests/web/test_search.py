"""Tests of the search page, the search panel and the Guide's results."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from registry_ui.registries.models import Registry
from tests.parts.index_rows import make_image, make_repository

pytestmark = pytest.mark.django_db

PANEL = {"HX-Request": "true", "HX-Target": "search-panel"}
HOSTILE = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>{{ 7|add:7 }}{% url 'x' %}"


@pytest.fixture
def page(client_for, alice):
    client = client_for(alice)
    return lambda text="", **headers: client.get("/search/", {"q": text}, headers=headers or None)


def test_anonymous_users_have_to_sign_in(client, db):
    assert client.get("/search/", {"q": "nginx"}).status_code == 302


def test_it_is_only_read(client_for, alice):
    assert client_for(alice).post("/search/").status_code == 405


def test_every_page_has_the_field_but_the_searchs_own(client_for, alice, page):
    for path in ("/", "/images/", "/guide/", "/preferences/", "/nothing/here/"):
        text = client_for(alice).get(path).text
        assert text.count("data-search-everywhere") == 1, path
        assert '<form class="header-search"' in text
    own = page("nginx").text
    assert own.count("data-search-everywhere") == 1
    assert "header-search" not in own
    assert 'value="nginx"' in own


def test_an_empty_query_explains_the_search(page):
    text = page().text
    assert "Every place that holds the digest" in text
    assert "autofocus" in text


@pytest.mark.parametrize("text", ["", "   ", "\x00"])
def test_without_a_question_nothing_is_looked_up(page, text):
    for headers in ({}, PANEL):
        with CaptureQueriesContext(connection) as queries:
            response = page(text, **headers)
        assert response.status_code == 200
        # Only who asks, and in which teams they are.
        assert len(queries) <= 4
        assert not [
            query["sql"]
            for query in queries
            if "catalog_" in query["sql"] or "images_" in query["sql"]
        ]


def test_nothing_found_is_said_and_the_name_can_be_pulled(page):
    text = page("acme/none").text
    assert "Nothing of your teams is called “acme/none”." in text
    assert 'href="/transfers/pull/?reference=docker.io%2Facme%2Fnone%3Alatest"' in text
    assert "Pull acme/none:latest" in text


def test_the_field_gets_the_panel_and_the_page_its_results(page):
    panel = page("alpine", **PANEL).text
    assert "<form" not in panel
    assert 'href="/search/?q=alpine"' in panel
    results = page("alpine", **{"HX-Request": "true", "HX-Target": "found"}).text
    assert results.strip().startswith("<div")
    assert 'id="found"' in results
    assert "<html" not in results


@pytest.mark.parametrize("target", ["search-panel", "found"])
def test_the_number_of_results_is_said_aside(page, target):
    text = page("alpine", **{"HX-Request": "true", "HX-Target": target}).text
    assert text.count('id="search-status"') == 1
    assert 'hx-swap-oob="innerHTML"' in text
    assert "One result." in text
    assert "hx-swap-oob" not in page("alpine").text.partition("<main")[2]


def test_a_step_of_the_navigation_gets_the_whole_page(page):
    assert "<html" in page("alpine", **{"HX-Request": "true", "HX-Boosted": "true"}).text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("alpine", ["alpine"]),
        ("nginx:1.27-alpine3.20", ["alpine"]),
        ("book", ["bookworm"]),
        ("al", []),
    ],
)
def test_the_guide_explains_the_words_of_tags(page, text, words):
    hits = [
        hit
        for group in page(text).context["groups"]
        if group.title == "Guide"
        for hit in group.hits
    ]
    assert [hit.text for hit in hits] == [f"{word}: what it means in a tag" for word in words]
    assert [hit.url for hit in hits] == [f"/guide/?q={word}#suffixes" for word in words]


def test_numbers_are_not_explained(page):
    assert "Guide" not in [group.title for group in page("1.27.3").context["groups"]]


@pytest.mark.parametrize("headers", [{}, PANEL, {"HX-Request": "true", "HX-Target": "found"}])
def test_a_hostile_question_is_only_text(page, headers):
    text = page(HOSTILE, **headers).text
    for markup in ("<script>alert", "<img"):
        assert markup not in text
    assert "{{ 7|add:7 }}" in text


def test_hostile_names_are_only_text(page, team):
    registry = Registry.objects.create(team=team, name=HOSTILE[:100], host="registry.example.com")
    make_repository(registry, "acme/app", {"1.0": make_image(registry, ("layer", 1))})
    for headers in ({}, PANEL):
        text = page("acme", **headers).text
        assert "&lt;script&gt;alert(1)" in text
        assert "<script>alert" not in text
        assert "<img" not in text


def test_long_names_are_found_whole(page, team):
    registry = Registry.objects.create(team=team, name="Ours", host="registry.example.com")
    name = "/".join(["a" * 60] * 4)[:230]
    make_repository(registry, name, {"t" * 128: None})
    response = page(f"registry.example.com/{name}:{'t' * 128}")
    assert response.status_code == 302
    assert response.headers["Location"].endswith(f"{name}:{'t' * 128}/")
