"""The job page and the forms in a real browser, with a real worker and a real registry."""

import re
import time

import pytest
from django.urls import reverse

from registry_ui.images.models import LocalImage
from tests.parts.error_texts import stored_error
from tests.parts.quiet_page import requests_in
from tests.parts.slow_line import slow_line
from transfers.models import State, Transfer

from .conftest import add_credential
from .rows import layer, transfer_row

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def faults(page):
    """Collect the browser's script errors and violations of the content security policy."""
    problems = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on(
        "console",
        lambda message: problems.append(message.text) if message.type == "error" else None,
    )
    return problems


def open_page(page, live_server, name, *arguments, **query):
    page.goto(live_server.url + reverse(f"transfers:{name}", args=arguments, query=query))


@pytest.mark.browser_context_args
def test_a_pull_from_the_form_to_the_image(
    live_server, page, sign_in, faults, team, bob, registry, add_registry, image_factory, manage
):
    image = image_factory(registry, "team/app", layers=3, layer_size=512 * 1024)
    page.clock.install()
    manage.start_worker()
    with slow_line(registry.port, 60_000) as line:
        add_registry(team, registry, host=line.host)
        sign_in(bob)
        open_page(page, live_server, "pull")
        page.get_by_label("Image", exact=True).fill(f"{line.host}/team/app:1.0")
        page.get_by_text("anonymous").wait_for()
        page.get_by_role("button", name="Pull").click()

        page.get_by_text("Pulling", exact=True).first.wait_for()
        assert re.match(r"(\d+ %|Queued|Running) · Pull ", page.title())
        line.bytes_per_second = None
        page.get_by_text("The image is here").wait_for(timeout=60_000)

    assert page.locator(".layer", has_text="Pull complete").count() == 4
    assert page.title().startswith("Succeeded · Pull")
    assert page.get_by_role("status").filter(has_text="Succeeded").count() == 1
    assert LocalImage.objects.get().digest == image.digest
    assert faults == []
    assert requests_in(page, 10_000) == []


def test_cancel_can_be_clicked_while_the_page_updates(
    live_server, page, sign_in, team, bob, registry, add_registry, image_factory, manage
):
    image_factory(registry, "team/slow", layers=1, layer_size=8 * 1024 * 1024)
    manage.start_worker()
    with slow_line(registry.port, 200_000) as line:
        add_registry(team, registry, host=line.host)
        sign_in(bob)
        open_page(page, live_server, "pull", reference=f"{line.host}/team/slow:1.0")
        page.get_by_role("button", name="Pull").click()
        page.get_by_text("Pulling", exact=True).first.wait_for()
        for _swap in range(2):
            page.wait_for_event("response", lambda response: "/progress/" in response.url)

        began = time.monotonic()
        page.get_by_role("button", name="Cancel").click()
        page.locator('#transfer[data-state="cancelled"]').wait_for()

    # The layer would take 40 seconds.
    assert time.monotonic() - began < 20
    assert page.locator(".layer", has_text="Interrupted").count() == 1
    assert Transfer.objects.get().state == State.CANCELLED
    assert page.get_by_role("button", name="Retry").count() == 1


def test_the_page_works_without_javascript(live_server, new_context, sign_in, page, team, bob):
    row = transfer_row(team, bob, state=State.RUNNING, layers=[layer(1, "transferring", offset=10)])
    sign_in(bob)
    plain = new_context(java_script_enabled=False)
    plain.add_cookies(page.context.cookies())
    reader = plain.new_page()
    open_page(reader, live_server, "detail", row.pk)
    assert reader.get_by_text("Pulling", exact=True).count() == 1

    Transfer.objects.update(state=State.CANCELLED)
    reader.get_by_text("Interrupted").or_(
        reader.locator('#transfer[data-state="cancelled"]')
    ).first.wait_for()

    open_page(reader, live_server, "pull")
    reader.get_by_label("Image", exact=True).fill("Nginx")
    reader.get_by_role("button", name="Pull").click()
    assert reader.get_by_text("Write nginx").count() >= 1


def test_the_target_of_a_publish_is_put_together_as_it_is_typed(
    live_server, page, sign_in, faults, team, alice, add_registry, registry
):
    row = add_registry(team, registry)
    add_credential(row, "robot", "x", label="robot-ci", repository_pattern="my-company/*")
    sign_in(alice)
    open_page(page, live_server, "publish", source="my-app:1.0")
    assert page.get_by_label("Namespace").input_value() == "my-company"

    page.get_by_label("Repository").fill("other")
    page.locator("#destination").get_by_text("other", exact=True).first.wait_for()
    page.get_by_label("Tag", exact=True).fill("latest")
    page.get_by_text("latest says nothing about the version").wait_for()
    page.get_by_label("Namespace").fill("elsewhere")
    page.get_by_text("No credential of the team may push there.").first.wait_for()
    assert page.evaluate("document.activeElement.name") == "namespace"
    assert faults == []


def test_the_list_follows_what_runs_and_keeps_its_filter(
    live_server, page, sign_in, faults, team, bob
):
    row = transfer_row(team, bob, state=State.RUNNING, layers=[layer(1, "transferring", offset=10)])
    sign_in(bob)
    open_page(page, live_server, "list")
    page.get_by_label("State").select_option("active")
    page.wait_for_url("**state=active**")

    Transfer.objects.filter(pk=row.pk).update(state=State.SUCCEEDED)
    page.get_by_text("No transfer matches").wait_for()
    assert "state=active" in page.url
    assert "poll" not in page.url
    assert faults == []


@pytest.mark.parametrize("width", [390, 1280])
def test_no_page_is_wider_than_the_screen(live_server, page, sign_in, team, bob, width):
    long = f"registry.cn-hangzhou.aliyuncs.com/{'a-very-long-namespace/' * 6}my-app:prod-2023"
    row = transfer_row(
        team,
        bob,
        state=State.FAILED,
        source=long,
        target=long,
        layers=[layer(1, "failed", offset=9)],
        error=stored_error(long),
    )
    sign_in(bob)
    page.set_viewport_size({"width": width, "height": 844})
    for name, arguments in [
        ("list", []),
        ("detail", [row.pk]),
        ("pull", []),
        ("push", []),
        ("publish", []),
        ("tag", []),
        ("retag", []),
    ]:
        open_page(page, live_server, name, *arguments)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name
