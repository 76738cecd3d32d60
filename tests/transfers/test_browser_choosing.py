"""The forms for selected tags in a real browser."""

import re
from urllib.parse import urlencode

import pytest
from django.urls import reverse

from registry_ui.registries.models import Registry
from tests.parts.index_rows import make_image, make_repository
from transfers.models import Kind, Transfer

from .conftest import add_credential
from .test_browser import faults

__all__ = ["faults"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LONG = "v" * 128


@pytest.fixture
def source(team):
    row = Registry.objects.create(team=team, name="Source", host="registry.example.com")
    new, old = make_image(row, ("new", 300)), make_image(row, ("old", 200))
    make_repository(row, "team/app", {"1.27": new, "latest": new, "1.26.0": old, LONG: old})
    return row


@pytest.fixture
def mirror(team):
    row = Registry.objects.create(team=team, name="Mirror", host="mirror.example.com")
    add_credential(row, "pusher", "x", label="pusher")
    make_repository(row, "team/app", {"1.27": make_image(row, ("else", 1))})
    return row


def open_page(page, live_server, name, registry, *tags, **values):
    query = urlencode(
        {"registry": registry.pk, "repository": "team/app", "tag": tags, **values}, doseq=True
    )
    page.goto(f"{live_server.url}{reverse(f'transfers:{name}')}?{query}")


def test_the_preview_follows_the_typed_target(
    live_server, page, sign_in, faults, source, mirror, bob
):
    sign_in(bob)
    open_page(page, live_server, "copy_tags", source, "1.27", "latest")
    page.get_by_text("1 tag is there already and names another image").wait_for()
    page.get_by_text("pusher").wait_for()

    page.get_by_label("Repository there").fill("other/name")
    page.locator("#destination").get_by_title("mirror.example.com/other/name:1.27").wait_for()
    assert page.get_by_text("there already and names another image").count() == 0
    assert page.evaluate("document.activeElement.name") == "target_repository"

    page.get_by_label("To the registry").select_option(label="Source (registry.example.com)")
    page.locator("#destination").get_by_title("registry.example.com/other/name:1.27").wait_for()
    assert not page.get_by_text("has another digest than the index").is_visible()
    page.get_by_text("One platform: the digest changes").click()
    assert page.get_by_text("has another digest than the index").is_visible()
    page.get_by_text("Every platform: the digest stays the same").click()

    page.get_by_role("button", name="Copy 2 tags").click()
    page.wait_for_url(re.compile(r"kind=copy"))
    assert Transfer.objects.filter(kind=Kind.COPY, target_registry=source).count() == 2
    assert faults == []


def test_tags_are_overwritten_only_after_confirmation(
    live_server, page, sign_in, faults, source, mirror, bob
):
    sign_in(bob)
    open_page(page, live_server, "copy_tags", source, "1.27")
    page.get_by_role("button", name="Copy 1 tag").click()
    page.get_by_text("Say whether the tag may be moved.").wait_for()
    assert not Transfer.objects.exists()

    page.get_by_label("Move it to the copied image").check()
    page.get_by_role("button", name="Copy 1 tag").click()
    page.wait_for_url(re.compile(r"/transfers/[0-9a-f-]{36}/"))
    assert Transfer.objects.get().target == "mirror.example.com/team/app:1.27"
    # The browser says of every answer with the status 422 that it is an error.
    assert [fault for fault in faults if "422" not in fault] == []


def test_a_deletion_of_several_tags_requires_the_name_and_works_without_javascript(
    live_server, new_context, page, sign_in, source, alice
):
    sign_in(alice)
    plain = new_context(java_script_enabled=False)
    plain.add_cookies(page.context.cookies())
    reader = plain.new_page()
    open_page(reader, live_server, "delete_tags", source, "1.27", "1.26.0")
    assert reader.get_by_role("button", name="Delete 2 images and all of their 4 tags").count() == 1

    reader.get_by_role("button", name="Delete 2 tags").click()
    reader.get_by_text("Type the repository's name exactly: team/app").wait_for()
    assert not Transfer.objects.exists()

    reader.get_by_label("Type the repository's name to confirm").first.fill("team/app")
    reader.get_by_role("button", name="Delete 2 tags").click()
    reader.wait_for_url(re.compile(r"kind=delete"))
    assert Transfer.objects.filter(kind=Kind.DELETE).count() == 2


@pytest.mark.parametrize("width", [390, 1280])
def test_no_page_is_wider_than_the_screen(
    live_server, page, sign_in, faults, source, mirror, alice, width
):
    sign_in(alice)
    page.set_viewport_size({"width": width, "height": 844})
    for name in ("pull_tags", "copy_tags", "delete_tags"):
        open_page(page, live_server, name, source, LONG, "1.27")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name
    assert faults == []
