"""The filter of the audit log and the copy button of a new token, in a browser."""

import re

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from registry_ui.accounts.audit.log import record
from registry_ui.accounts.models import Action, ApiToken
from registry_ui.accounts.tokens import service

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_the_filter_updates_while_typing_and_is_in_the_url(
    page, live_server, sign_in, alice, bob, team
):
    record(Action.REGISTRY_ADDED, user=alice, team=team, name="Depot")
    record(Action.REGISTRY_REMOVED, user=bob, team=team, name="Attic")
    sign_in(alice)
    page.goto(live_server.url + reverse("accounts:audit_log"))
    expect(page.locator(".event")).to_have_count(3)

    page.get_by_label("Who").fill("bob")
    expect(page.locator(".event")).to_have_count(1)
    expect(page).to_have_url(re.compile(r"who=bob"))
    page.reload()
    expect(page.get_by_label("Who")).to_have_value("bob")
    expect(page.locator(".event")).to_contain_text("removed the registry Attic")

    page.get_by_label("Who").fill("")
    expect(page.locator(".event")).to_have_count(3)
    page.locator("select[name=action]").select_option("registry.added")
    expect(page.locator(".event")).to_have_count(1)
    # Leaving the field sends one more request, whose answer would close the details again.
    page.get_by_text("details").click()
    expect(page.get_by_text("sealed in a moment")).to_be_visible()


def test_a_new_token_is_copied(page, live_server, sign_in, alice, context):
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    sign_in(alice)
    page.goto(live_server.url + reverse("accounts:tokens"))
    page.get_by_role("link", name="Make a token").click()
    page.get_by_label("Name").fill("laptop")
    page.get_by_role("button", name="Make it").click()
    secret = page.locator("#secret").inner_text()
    page.get_by_role("button", name="Copy the token").click()
    page.locator("[data-copied]").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == secret
    assert service.authenticate(secret, None).user == alice

    page.get_by_role("link", name="I have copied it").click()
    expect(page.get_by_text(ApiToken.objects.get().hint)).to_be_visible()
    assert secret not in page.content()
