"""A mirror in the browser, from its form to a drift table in sync."""

import re

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from registry_ui.catalog.indexing.index_services import run_index_inline, start_index
from transfers.mirrors.models import Mirror, MirrorRun
from transfers.models import State

from .conftest import registry_row

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_mirror_from_its_form_to_both_sides_in_sync(
    live_server,
    page,
    sign_in,
    team,
    alice,
    registry,
    second_registry,
    image_factory,
    manage,
    skopeo,
):
    repository = registry.new_repository()
    images = [
        image_factory(registry, repository=repository, tag=tag, layers=2)
        for tag in ("1.0", "1.1", "2.0-rc.1")
    ]
    source, _target = (
        registry_row(team, registry.host, "Source"),
        registry_row(team, second_registry.host, "Target"),
    )
    run_index_inline(start_index(registry=source, user=None, enqueue=False))
    manage.start_worker("mirrors")
    sign_in(alice)

    page.goto(live_server.url + reverse("mirrors:add"))
    page.get_by_label("Name", exact=True).fill("Nightly")
    page.get_by_label("From the registry").select_option(label=f"Source ({registry.host})")
    page.get_by_label("Repositories").fill(repository)
    page.locator("[name=target_registry]").select_option(label=f"Target ({second_registry.host})")
    page.get_by_label("Leave out pre-releases").check()
    page.get_by_label("Below a prefix").check()
    page.locator("[name=naming_prefix]").fill("hub")
    preview = page.locator("#preview")
    expect(preview).to_contain_text(f"hub/{repository}")
    expect(preview).to_contain_text(re.compile(r"2\s+tags"))
    expect(preview).to_contain_text("1 tag is left out")
    expect(preview.locator("time")).to_have_count(5)
    page.get_by_label("How often").select_option(label="Every hour")
    expect(preview.locator("time").first).to_contain_text(":00")
    page.get_by_role("button", name="Add the mirror").click()

    expect(page.get_by_role("heading", name="Nightly")).to_be_visible()
    page.get_by_role("button", name="Plan").click()
    expect(page.locator("#run")).to_have_attribute("data-state", "succeeded", timeout=60_000)
    expect(page.locator("#run")).to_contain_text(re.compile(r"2\s+tags to copy"))
    assert not MirrorRun.objects.filter(is_plan=False).exists()
    plan = page.url
    page.get_by_role("button", name="Run as shown").click()
    # The plan that is left has succeeded too.
    expect(page).not_to_have_url(plan)
    expect(page.locator("#run")).to_have_attribute("data-state", "succeeded", timeout=60_000)
    expect(page.locator("#items")).to_contain_text("Both sides are the same")
    page.get_by_role("link", name="The mirror").click()

    expect(page.locator("#live")).to_contain_text("in sync")
    mirror = Mirror.objects.get()
    assert mirror.last_state == State.SUCCEEDED
    for image in images[:2]:
        tag = image.reference.rpartition(":")[2]
        assert skopeo.inspect(second_registry, f"hub/{repository}", tag)["Digest"] == image.digest
