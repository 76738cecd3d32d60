"""Browser tests of the scripts of the reference field and the Guide."""

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_typing_takes_the_name_apart_and_says_so_once_it_pauses(live_server, page, sign_in, alice):
    sign_in(alice)
    page.goto(f"{live_server.url}/guide/")
    field = page.get_by_label("A name to take apart")
    field.fill("")
    field.press_sequentially("ghcr.io/acme/app:1.2.3-alpine", delay=5)
    page.locator(
        "#id_reference_analysis .analysis-full-name", has_text="ghcr.io/acme/app:1.2.3-alpine"
    ).wait_for()
    said = page.locator("[data-analysis-live]")
    said.filter(has_text="registry ghcr.io, namespace acme").wait_for(state="attached")


def test_open_details_stay_open_while_typing(live_server, page, sign_in, alice):
    sign_in(alice)
    page.goto(f"{live_server.url}/guide/?reference=nginx:1.27-alpine")
    page.get_by_text("When to choose it").click()
    page.get_by_label("A name to take apart").press("End")
    page.keyboard.type("3.20", delay=5)
    page.locator("#id_reference_analysis code", has_text="alpine3.20").first.wait_for()
    assert page.locator("#id_reference_analysis details").get_attribute("open") is not None


def test_an_example_is_put_into_the_field(live_server, page, sign_in, alice):
    sign_in(alice)
    page.goto(f"{live_server.url}/guide/")
    page.get_by_role("link", name="python:3.9-slim").click()
    page.locator("#id_reference_analysis", has_text="docker.io/library/python:3.9-slim").wait_for()
    assert page.get_by_label("A name to take apart").input_value() == "python:3.9-slim"
    assert "reference=" not in page.url


def test_the_table_is_searched_as_one_types(live_server, page, sign_in, alice):
    sign_in(alice)
    page.goto(f"{live_server.url}/guide/")
    page.get_by_label("Word or tag").press_sequentially("noble", delay=5)
    page.locator("#suffix-count", has_text="of").wait_for()
    assert page.locator("#suffix-table code", has_text="noble").first.is_visible()
    assert page.locator("#suffix-table code", has_text="onbuild").count() == 0


def test_a_list_is_explored_in_place(live_server, page, sign_in, alice):
    sign_in(alice)
    page.goto(f"{live_server.url}/guide/")
    page.get_by_label("Tags", exact=True).fill("1.9.0\n1.10.0")
    page.get_by_role("button", name="Take them apart").click()
    page.locator(".guide-explored").wait_for()
    assert page.locator(".guide-explored tbody th").all_text_contents()[0].strip() == "1.10.0"


@pytest.mark.parametrize("width", [390, 1280])
def test_the_page_is_never_wider_than_the_window(live_server, page, sign_in, alice, width):
    sign_in(alice)
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(f"{live_server.url}/guide/?tags={'a' * 128}+latest&reference={'b' * 200}")
    page.evaluate("document.querySelectorAll('details').forEach((part) => { part.open = true; })")
    assert page.evaluate("document.documentElement.scrollWidth") == width
