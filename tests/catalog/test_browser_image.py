"""The page of an image and the comparison in a real browser.

REGISTRY_UI_TEST_SCREENSHOTS=folder saves a screenshot of each.
"""

import os
from pathlib import Path

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from registry_ui.registries.models import Security
from tests.parts.index_rows import make_image, make_repository
from tests.parts.processes import free_port

from .artifact_pages.artifact_rows import (
    HISTORY,
    LAYERS,
    RUN,
    save_helm_chart,
    save_index_with_attestation,
)
from .views.test_image import nasty_artifact, nasty_image, nasty_index

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LONG = "a" * 100 + "/" + "b" * 130


@pytest.fixture
def registry_row(make_registry):
    registry = make_registry(
        host=f"127.0.0.1:{free_port()}", name="Ours", security=Security.PLAIN_HTTP
    )
    amd = make_image(registry, *LAYERS, run=RUN, history=HISTORY)
    arm = make_image(
        registry,
        ("arm base", 3_700_000),
        ("arm", 900_000),
        platform="linux/arm64",
        run=RUN,
        history=HISTORY[:4],
    )
    index = save_index_with_attestation(registry, amd, arm)
    old = make_image(
        registry, LAYERS[0], ("older", 1_100_000), run={**RUN, "User": ""}, history=HISTORY[:4]
    )
    make_repository(registry, "web/nginx", {"latest": index, "1.27.3": index, "1.27.2": old})
    make_repository(registry, "charts/demo", {"0.3.1": save_helm_chart(registry)})
    return registry


@pytest.fixture
def visit(page: Page, live_server, sign_in, alice, registry_row):
    sign_in(alice)
    complaints: list[str] = []
    page.on(
        "console",
        lambda message: (
            complaints.append(message.text) if message.type in ("error", "warning") else None
        ),
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield lambda name, *arguments, query="": page.goto(
        live_server.url + reverse(name, args=arguments) + query
    )
    assert complaints == []


@pytest.fixture
def shoot(page: Page):
    """Save screenshots, wide and narrow, light and dark; fail if the page is too wide."""

    def keep(name: str) -> None:
        folder = os.environ.get("REGISTRY_UI_TEST_SCREENSHOTS")
        for width, scheme in ((1280, "light"), (390, "light"), (1280, "dark"), (390, "dark")):
            page.set_viewport_size({"width": width, "height": 900})
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), (
                f"{name} is wider than {width} pixels"
            )
            if folder:
                page.evaluate("window.scrollTo(0, 0)")
                page.screenshot(path=Path(folder) / f"{name}-{width}-{scheme}.png", full_page=True)
        page.set_viewport_size({"width": 1280, "height": 900})

    return keep


def test_a_line_and_its_layer_are_highlighted_together(page, visit, registry_row):
    visit("registries:image_by_tag", registry_row.pk, "web/nginx", "latest")
    lit = page.locator("[data-highlighted]")
    expect(lit).to_have_count(0)

    page.locator("#line-4").hover()
    expect(lit).to_have_count(3)
    expect(page.locator("#layer-2[data-highlighted]")).to_have_count(1)

    page.locator(".layer-diagram a").first.hover()
    expect(page.locator("#line-1[data-highlighted]")).to_have_count(1)
    expect(page.locator("#line-4[data-highlighted]")).to_have_count(0)

    page.locator("#layer-3 a[href='#line-5']").focus()
    expect(page.locator("#line-5[data-highlighted]")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page.locator("#line-5:target")).to_have_count(1)


def test_referrers_load_by_themselves(page, visit, shoot, registry_row):
    visit("registries:image_by_tag", registry_row.pk, "web/nginx", "latest")
    expect(page.locator("#referrers").get_by_role("link", name="Try again")).to_be_visible()
    expect(page.locator("#referrers tbody tr")).to_have_count(2)
    shoot("image")

    page.get_by_role("link", name="linux/arm64", exact=True).click()
    expect(page.locator("#layers h2")).to_contain_text("linux/arm64")
    expect(page.locator("#referrers").get_by_role("link", name="Try again")).to_be_visible()


def test_from_an_image_to_a_comparison_by_keyboard(page, visit, shoot, registry_row):
    visit("registries:image_by_tag", registry_row.pk, "web/nginx", "1.27.2")
    page.get_by_role("link", name="Compare with…").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_label("This image")).to_have_value(f"{registry_row.host}/web/nginx:1.27.2")
    shoot("compare")

    page.get_by_label("Compared with").focus()
    page.keyboard.type(f"{registry_row.host}/web/nginx:latest")
    expect(page.locator("#id_right_analysis")).to_contain_text("moving name")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Two images compared")).to_be_visible()
    expect(page.locator("#config")).to_contain_text("101:101")
    shoot("compared")

    page.get_by_role("link", name="Swap sides").click()
    expect(page.locator(".compared-side").first).to_contain_text("latest")


def test_a_wrong_name_keeps_both_and_has_the_focus(page, visit, shoot, registry_row):
    visit("registries:compare", query=f"?left={registry_row.host}/web/nginx:1.27.2&right=Wrong")
    expect(page.get_by_label("Compared with")).to_be_focused()
    expect(page.get_by_label("This image")).to_have_value(f"{registry_row.host}/web/nginx:1.27.2")
    shoot("compare-wrong")


def test_a_raw_document_is_opened_and_downloaded(page, visit, shoot, registry_row):
    visit("registries:image_by_tag", registry_row.pk, "charts/demo", "0.3.1")
    page.locator("#documents summary").first.click()
    expect(page.locator("#documents pre").first).to_contain_text('"schemaVersion": 2')
    shoot("artifact")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download: Manifest").click()
    artifact = registry_row.artifacts.get(tags__name="0.3.1")
    assert Path(download.value.path()).read_bytes() == artifact.document.manifest


def test_hostile_content_breaks_no_page(page, visit, shoot, registry_row):
    run = {
        "Labels": {f"label.{number}.{'k' * 250}": "v" * 300 for number in range(500)},
        "Env": ["E" * 3000],
    }
    large = make_image(
        registry_row,
        *((f"layer {number}", number * 1000) for number in range(128)),
        run=run,
        history=[{"created_by": "x" * 3000}] * 128,
    )
    made = {
        "nasty": nasty_image(registry_row),
        "artifact": nasty_artifact(registry_row),
        "index": nasty_index(registry_row),
        "t" * 128: large,
    }
    make_repository(registry_row, LONG, made)

    for tag in made:
        visit("registries:image_by_tag", registry_row.pk, LONG, tag)
        expect(page.locator("#referrers").get_by_role("link", name="Try again")).to_be_visible()
        shoot(f"hostile-{tag[:9]}")
    name = f"{registry_row.host}/{LONG}"
    visit(
        "registries:compare",
        query=f"?left={name}:nasty&right={name}:{'t' * 128}",
    )
    shoot("hostile-compared")


def test_everything_works_without_scripts(
    new_context, live_server, client_for, alice, registry_row
):
    from django.conf import settings

    value = client_for(alice).cookies[settings.SESSION_COOKIE_NAME].value
    context = new_context(java_script_enabled=False)
    context.add_cookies(
        [{"name": settings.SESSION_COOKIE_NAME, "value": value, "url": live_server.url}]
    )
    page = context.new_page()
    page.goto(
        live_server.url
        + reverse("registries:image_by_tag", args=[registry_row.pk, "web/nginx", "latest"])
    )
    page.get_by_role("link", name="Ask the registry").click()
    expect(page.locator("#referrers").get_by_role("link", name="Try again")).to_be_visible()
    page.locator("#layers").get_by_role("link", name="COPY docker-entrypoint.sh /").click()
    expect(page.locator("#line-5:target")).to_have_count(1)
