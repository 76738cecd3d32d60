"""Invitations in two browsers, and the pages of members with the keyboard."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from registry_ui.accounts.models import Membership, Role, User
from tests.conftest import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_an_invitation_is_created_and_accepted(
    live_server, new_context, page, sign_in, team, alice
):
    sign_in(alice)
    page.goto(live_server.url + reverse("accounts:team"))
    page.get_by_role("link", name="Invite", exact=True).click()
    page.get_by_label("E-mail address").fill("dora@example.com")
    page.get_by_role("radio", name="Operator").check()
    page.get_by_role("button", name="Make the link").click()
    link = page.locator("#link").inner_text()

    new_page = new_context().new_page()
    new_page.goto(link)
    expect(new_page.get_by_label("E-mail address")).to_have_value("dora@example.com")
    new_page.get_by_label("Username").fill("dora")
    new_page.get_by_label("Password", exact=True).fill(PASSWORD)
    new_page.get_by_label("Password, again").fill(PASSWORD)
    new_page.get_by_role("button", name="Make an account and join").click()
    new_page.get_by_text("Welcome to the team Harbour.").wait_for()
    new_page.goto(link)
    new_page.get_by_role("heading", name="This invitation is not open").wait_for()

    page.get_by_role("link", name="Back to the team").click()
    row = page.get_by_role("row", name="dora")
    expect(row).to_contain_text("Operator")
    expect(page.get_by_text("None. A link lets one person join")).to_be_visible()


def test_a_link_is_copied_with_the_keyboard(live_server, page, sign_in, team, alice):
    sign_in(alice)
    page.goto(live_server.url + reverse("accounts:team_invite"))
    page.get_by_role("button", name="Make the link").press("Enter")
    button = page.get_by_role("button", name="Copy the link")
    button.press("Enter")
    # The message disappears soon, so the wait has to be inside the page.
    page.locator("[data-copied]").wait_for()


def test_a_role_is_changed_with_the_keyboard_alone(live_server, page, sign_in, team, alice, victor):
    sign_in(alice)
    page.goto(live_server.url + reverse("accounts:team"))
    page.get_by_role("link", name="Role of victor in Harbour").press("Enter")
    page.get_by_role("radio", name="Viewer").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.get_by_text("victor is Operator now.").wait_for()
    assert Membership.objects.get(user=victor).role == Role.OPERATOR


def test_people_are_found_while_typing(live_server, page, sign_in, ingrid):
    User.objects.bulk_create(User(username=f"person{number:02}") for number in range(60))
    sign_in(ingrid)
    page.goto(live_server.url + reverse("accounts:administration_people"))
    page.get_by_role("link", name="Next").click()
    page.get_by_role("link", name="person55").wait_for()
    page.get_by_label("Name or e-mail address").fill("person07")
    expect(page.locator("tbody tr")).to_have_count(1)
    assert page.url.endswith("q=person07&state=")
