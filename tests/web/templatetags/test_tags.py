import re

import pytest
from django.template import Context, Template
from django.test import RequestFactory
from playwright.sync_api import expect

from registry_ui.tags import parse_tag
from tests.tags.corpus import ROWS

HOSTILE = '"><script>alert(1)</script>'


PASTED = "/guide/?tags=1.27.3-alpine3.20%0Alatest%0Afeature-login%0A1.27.3-slim"


def render(*names, href="") -> str:
    source = "{% load tags %}{% for name in names %}{% tag_name name href %}\n{% endfor %}"
    return Template(source).render(
        Context({"names": names, "href": href, "request": RequestFactory().get("/")})
    )


def shown(html: str) -> str:
    return re.sub(
        r"<[^>]+>", "", re.sub(r"<template.*?</template>", "", html, flags=re.DOTALL)
    ).strip()


@pytest.mark.parametrize(
    "name", ["1.27.3-alpine3.20", "latest", "_odd__", "v1", "a" * 128, HOSTILE]
)
def test_the_name_is_shown_letter_by_letter(name):
    html = render(name)
    assert shown(html) == name.replace('"', "&quot;").replace("<", "&lt;").replace(">", "&gt;")
    assert "<script" not in html


def test_each_part_names_its_text_and_every_text_is_there():
    for name in {tag for _image, tag, _expected in ROWS}:
        html = render(name)
        assert re.findall(r'data-part="[^"]*">([^<]+)<', html) == [
            piece.text for piece in parse_tag(name).pieces
        ]
        assert set(re.findall(r'data-part="([^"]+)"', html)) | set(
            re.findall(r'data-movement="([^"]+)"', html)
        ) == set(re.findall(r'data-tag-text="([^"]+)"', html))


def test_a_page_has_each_text_once():
    html = render("1.27.3-alpine", "1.27.2-alpine", "1.27.2-alpine-slim")
    assert html.count("musl is not glibc") == 1
    assert html.count('data-tag-text="variant/slim"') == 1


def test_another_page_gets_its_texts_again():
    assert "musl is not glibc" in render("1.27.3-alpine")
    assert "musl is not glibc" in render("1.27.3-alpine")


def test_without_javascript_the_guide_explains_the_whole_tag():
    assert 'href="/guide/?q=1.27.3-alpine#suffixes"' in render("1.27.3-alpine")
    assert 'aria-label="What 1.27.3-alpine means"' in render("1.27.3-alpine")


def test_each_text_leads_to_its_row_of_the_guide(client_for, alice):
    address, anchor = re.findall(r'<a href="([^"#]+)#(suffix-[^"]+)"', render("slim"))[0]
    assert f'<tr id="{anchor}">' in client_for(alice).get(address).content.decode()


def test_the_name_is_a_link_where_an_address_is_given():
    assert '<a class="tag-name-link" href="/somewhere/?a=1&amp;b=2">' in render(
        "latest", href="/somewhere/?a=1&b=2"
    )
    assert "tag-name-link" not in render("latest")


def test_the_version_of_a_pre_release_is_not_recommended_for_production():
    html = render("1.28.0-rc.1")
    assert "The release that is being made" in html
    assert "Production." not in html
    assert "Production." in render("1.28.0")


def test_the_risk_of_a_tag_that_moves_is_said():
    assert "two pulls may differ" in render("latest")
    assert 'data-risk=""' in render("1.27.3")


def test_fifty_names_weigh_less_than_thirty_kilobytes_and_do_not_repeat_their_texts():
    names = [tag for image, tag, _expected in ROWS if image in ("nginx", "python")][:50]
    html = render(*names, href="/registries/1/image/")
    assert len(html.encode()) < 30_000
    texts = re.findall(r'data-tag-text="([^"]+)"', html)
    assert len(texts) == len(set(texts))


@pytest.fixture
def explorer(live_server, page, alice, sign_in):
    sign_in(alice)
    page.goto(live_server.url + PASTED)
    return page


def name_of(page, text):
    return page.locator("[data-tag-name]").filter(has_text=text)


@pytest.mark.browser
def test_the_mouse_opens_the_card_may_enter_it_and_closes_it_by_leaving(explorer):
    name_of(explorer, "alpine3.20").hover()
    card = explorer.locator("#tag-card")
    expect(card).to_contain_text("musl is not glibc")
    expect(card).to_contain_text("pinned by convention")
    expect(card).to_be_in_viewport(ratio=1)
    card.hover()
    expect(card.get_by_role("link", name="alpine3.20")).to_have_attribute(
        "href", "/guide/?q=alpine#suffix-alpine"
    )
    explorer.mouse.move(0, 0)
    expect(card).to_have_count(0)


@pytest.mark.browser
def test_escape_closes_the_card_until_the_mouse_comes_back(explorer):
    name_of(explorer, "latest").hover()
    expect(explorer.locator("#tag-card")).to_contain_text("nobody can tell later what ran")
    explorer.keyboard.press("Escape")
    expect(explorer.locator("#tag-card")).to_have_count(0)
    explorer.mouse.move(0, 0)
    name_of(explorer, "latest").hover()
    expect(explorer.locator("#tag-card")).to_be_visible()


@pytest.mark.browser
def test_the_keyboard_opens_one_card_after_the_other_and_describes_the_link(explorer):
    explorer.get_by_role("button", name="Take them apart").focus()
    explorer.keyboard.press("Tab")
    link = explorer.get_by_role("link", name="What latest means")
    expect(link).to_be_focused()
    expect(link).to_have_accessible_description(re.compile("The newest stable version"))
    explorer.keyboard.press("Tab")
    expect(explorer.get_by_role("link", name="What 1.27.3-slim means")).to_be_focused()
    expect(explorer.locator("#tag-card")).to_contain_text("documentation and tools removed")
    explorer.keyboard.press("Enter")
    expect(explorer.locator("#suffix-slim")).to_be_visible()


@pytest.mark.browser
def test_a_swap_that_takes_the_texts_away_does_not_silence_the_names(explorer):
    name_of(explorer, "latest").hover()
    explorer.evaluate(
        """() => {
            const table = document.querySelector(".guide-explored");
            document.dispatchEvent(new CustomEvent("htmx:beforeSwap"));
            table.querySelectorAll("template").forEach((text) => text.remove());
        }"""
    )
    name_of(explorer, "slim").hover()
    expect(explorer.locator("#tag-card")).to_contain_text("documentation and tools removed")


@pytest.mark.browser
@pytest.mark.browser_context_args(has_touch=True, viewport={"width": 390, "height": 844})
def test_a_tap_opens_and_closes_the_card(explorer):
    page = explorer
    mark = page.get_by_role("link", name="What feature-login means")
    mark.tap()
    expect(page.locator("#tag-card")).to_contain_text("up to whoever publishes it")
    expect(page.locator("#tag-card")).to_be_in_viewport(ratio=1)
    mark.tap()
    expect(page.locator("#tag-card")).to_have_count(0)
