import re

import pytest
from django.template.loader import get_template

from registry_ui.tags import SUFFIXES
from registry_ui.web.guide import EXPLORED_TAGS, explore, matching_groups

SECTIONS = [
    "mechanism",
    "naming",
    "latest",
    "suffixes",
    "explorer",
    "alias",
    "login",
    "layers",
    "private",
]
HTMX = {"HX-Request": "true"}


@pytest.fixture
def page_of(client_for, alice):
    client = client_for(alice)

    def get(query="", **headers):
        response = client.get(f"/guide/{query}", headers=headers)
        assert response.status_code == 200
        return response.content.decode()

    return get


def names(query):
    return {suffix.name for group in matching_groups(query) for suffix in group.suffixes}


# --- the page


def test_every_section_is_there_and_in_the_contents(page_of):
    html = page_of()
    for section in SECTIONS:
        assert f'id="{section}"' in html
        assert f'href="#{section}"' in html


def test_ids_are_unique_and_labels_lead_somewhere(page_of):
    html = page_of("?tags=latest+1.27")
    ids = re.findall(r'\sid="([^"]+)"', html)
    assert len(ids) == len(set(ids))
    for label in re.findall(r'(?:aria-labelledby|for)="([^"]+)"', html):
        assert label in ids


def test_the_page_needs_no_inline_script_or_style(page_of):
    html = page_of()
    assert not re.search(r"<[^>]+\sstyle=", html)
    assert not re.search(r"<[^>]+\son\w+=", html)
    assert "<style" not in html
    assert not re.search(r"<script(?![^>]*\ssrc=)", html)


def test_it_links_to_the_forms(page_of):
    html = page_of()
    for path in (
        "/registries/add/",
        "/images/",
        "/transfers/publish/",
        "/transfers/pull/",
        "/transfers/tag/",
    ):
        assert f'href="{path}' in html


def test_the_commands_of_the_private_registry_can_be_copied(page_of):
    html = page_of()
    for command in (
        "docker login registry.cn-hangzhou.aliyuncs.com",
        "docker tag my-app:latest registry.cn-hangzhou.aliyuncs.com/my-company/my-app:prod-2023",
        "docker push registry.cn-hangzhou.aliyuncs.com/my-company/my-app:prod-2023",
    ):
        assert f'data-copy="{command}"' in html


def test_a_name_in_the_address_is_taken_apart(page_of):
    html = page_of("?reference=python:3.9-slim")
    assert 'value="python:3.9-slim"' in html
    assert "docker.io/library/python:3.9-slim" in html


def test_an_anonymous_user_is_sent_to_sign_in(client, db):
    assert client.get("/guide/").status_code == 302


def test_it_takes_no_post(client_for, victor):
    client = client_for(victor)
    assert client.get("/guide/").status_code == 200
    assert client.post("/guide/").status_code == 405


# --- the suffix table


def test_the_page_has_the_whole_table(page_of):
    html = page_of()
    for suffix in SUFFIXES:
        assert f'<code class="part-tag">{suffix.name}</code>' in html


def test_the_table_begins_with_common_suffixes():
    first = matching_groups("")[0]
    assert [suffix.name for suffix in first.suffixes] == [
        "latest",
        "alpine",
        "slim",
        "windowsserver",
    ]
    assert first.is_open


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("slim", {"slim"}),
        ("Debian 12", {"bookworm"}),
        ("8.3-fpm-alpine3.20", {"fpm", "alpine", "1.27"}),
        ("FPM", {"fpm"}),
        ("x86_64", {"amd64"}),
        ("jod", {"release name"}),
        ("noble", {"noble"}),
        ("cosign", {"sha256-…"}),
    ],
)
def test_the_search_finds_words_and_whole_tags(query, expected):
    assert expected <= names(query)
    assert len(names(query)) < 25


def test_the_search_works_without_javascript(page_of):
    html = page_of("?q=noble")
    assert '<code class="part-tag">noble</code>' in html
    assert '<code class="part-tag">fpm</code>' not in html
    assert 'value="noble"' in html


def test_the_search_answers_htmx_with_the_table_alone(page_of):
    html = page_of("?q=noble", **HTMX)
    assert html.lstrip().startswith('<div id="suffix-table"')
    assert "<html" not in html
    assert 'id="suffix-count" hx-swap-oob="innerHTML"' in html


def test_a_boosted_visit_gets_the_whole_page(page_of):
    assert "<html" in page_of("", **HTMX, **{"HX-Boosted": "true"})


def test_an_unknown_word_has_no_results(page_of):
    assert "No word of the table fits" in page_of("?q=zzzqqq")


@pytest.mark.parametrize(
    "query",
    ["%3Cscript%3Ealert(1)%3C/script%3E", "%22%3E%3Cimg%20src=x%3E", "%00", "(((((", "a" * 4000],
)
def test_a_hostile_search_is_inert(page_of, query):
    html = page_of(f"?q={query}")
    assert "<script>alert" not in html
    assert "<img src=x" not in html


# --- the explorer


def test_a_pasted_list_is_put_in_order_newest_first(page_of):
    html = page_of("?tags=1.9.0%0A1.10.0%0Alatest%0A1.28.0-rc.1")
    order = re.findall(r'aria-label="What ([^"]+) means"', html.partition('id="explored"')[2])
    assert order == ["latest", "1.28.0-rc.1", "1.10.0", "1.9.0"]


@pytest.mark.parametrize(
    "text",
    [
        "1.0 2.0",
        "1.0,2.0",
        "1.0\r\n2.0",
        '["1.0", "2.0"]',
        '{"tags":["1.0","2.0"]}',
        "nginx:1.0 ghcr.io/a/b:2.0",
        "1.0 1.0 2.0",
    ],
)
def test_lists_are_taken_in_the_forms_in_which_people_have_them(text):
    assert [tag.text for tag in explore(text).tags] == ["2.0", "1.0"]


def test_at_most_two_hundred_tags_are_taken_and_the_rest_is_counted(page_of):
    exploration = explore(" ".join(f"1.{number}" for number in range(250)))
    assert (len(exploration.tags), exploration.left_out) == (EXPLORED_TAGS, 50)
    assert "50 more tags were left out" in page_of(
        "?tags=" + "+".join(f"1.{number}" for number in range(250))
    )


def test_the_explorer_answers_htmx_with_the_rows_alone(page_of):
    html = page_of("?tags=latest", **HTMX)
    assert html.lstrip().startswith('<div id="explored"')
    assert "<html" not in html


def test_hostile_tags_are_inert(page_of):
    html = page_of("?tags=%3Cscript%3Ealert(1)%3C/script%3E+%22onmouseover=x+" + "a" * 3000)
    assert "<script>alert" not in html
    assert "&lt;script&gt;" in html
    assert '"onmouseover' not in html


def test_nothing_pasted_shows_no_table(page_of):
    assert "guide-explored" not in page_of("?tags=+,+")


def test_a_range_says_which_of_the_tags_it_means():
    exploration = explore("1.9.0 1.10.0 1.28.0-rc.1 1.27 latest", ">=1.10 <1.28")
    assert exploration.matching == {"1.10.0", "1.27"}


def test_the_range_works_without_javascript_and_is_counted(page_of):
    html = page_of("?tags=1.9.0+1.10.0&range=%3E%3D1.10")
    assert html.count("badge badge-ok") - page_of().count("badge badge-ok") == 1
    assert "One is in the range." in html
    assert 'value="&gt;=1.10"' in html


def test_a_wrong_range_is_explained_beside_the_tags(page_of):
    html = page_of("?tags=1.9.0&range=%3Cscript%3E")
    assert "“script” is no version: write its numbers alone" in html
    assert 'aria-describedby="explored-problem"' in html
    assert 'value="&lt;script&gt;"' in html
    assert "In the range" not in html


def test_each_row_of_the_table_has_an_anchor(page_of):
    html = page_of()
    assert all(f'id="{suffix.anchor}"' in html for suffix in SUFFIXES)


# --- how it is written


def test_every_template_of_the_guide_compiles():
    for name in (
        "contents",
        "mechanism",
        "naming",
        "latest",
        "suffixes",
        "explorer",
        "alias",
        "login",
        "layers",
        "private",
    ):
        get_template(f"web/guide/_{name}.html")
