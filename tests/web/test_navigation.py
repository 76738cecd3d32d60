import json
import re

import pytest


def test_the_navigation_marks_where_one_is(client_for, alice):
    page = client_for(alice).get("/").text
    assert re.findall(r'<a href="([^"]+)" aria-current="page">', page) == ["/"]


def test_a_place_that_a_telephone_keeps_behind_a_button_is_marked_in_both_lists(client_for, alice):
    page = client_for(alice).get("/guide/").text
    assert re.findall(r'<a href="([^"]+)" aria-current="page">', page) == ["/guide/"] * 2


@pytest.mark.parametrize("path", ["/administration/", "/administration/tasks/"])
def test_each_page_of_the_administration_is_marked(client_for, ingrid, path):
    page = client_for(ingrid).get(path).text
    navigation = re.search(r"<nav.*?</nav>", page, re.DOTALL)[0]
    marked = re.findall(r'<a href="([^"]+)" aria-current="page">', navigation)
    assert marked == ["/administration/"] * 2


def test_the_navigation_has_no_dead_links(client_for, alice):
    client = client_for(alice)
    navigation = re.search(r"<nav.*?</nav>", client.get("/").text, re.DOTALL)[0]
    paths = set(re.findall(r'href="([^"]+)"', navigation))
    assert paths >= {
        "/",
        "/registries/",
        "/images/",
        "/transfers/",
        "/team/",
        "/audit-log/",
        "/guide/",
    }
    for path in paths:
        assert client.get(path).status_code == 200, path


def test_anonymous_users_see_no_navigation(client, db):
    page = client.get("/account/login/").text
    assert "<nav" not in page
    assert 'href="#main"' in page


def test_htmx_is_held_short(client_for, alice):
    page = client_for(alice).get("/").text
    config = json.loads(re.search(r"name=\"htmx-config\"\s+content='([^']+)'", page)[1])
    assert config["allowEval"] is False
    assert config["selfRequestsOnly"] is True
    assert config["includeIndicatorStyles"] is False
    assert config["historyCacheSize"] == 0
    assert {"code": "422", "swap": True} in config["responseHandling"]


def test_the_page_sends_the_token_with_every_fragment(client_for, alice):
    assert re.search(
        r"<body hx-headers='{\"X-CSRFToken\": \"\w{64}\"}'>", client_for(alice).get("/").text
    )


def test_the_theme_is_the_persons(client_for, alice):
    client = client_for(alice)
    assert 'data-theme="system"' in client.get("/").text
    alice.theme = "light"
    alice.save(update_fields=["theme"])
    assert 'data-theme="light"' in client.get("/").text


def test_sign_out_is_a_form_that_needs_no_script(client_for, alice):
    page = client_for(alice).get("/").text
    assert re.search(
        r'<form method="post" action="/account/logout/">\s*'
        r'<input type="hidden" name="csrfmiddlewaretoken"',
        page,
    )
