"""Single sign-on in the real browser: the content security policy lets it leave for the provider, and come back."""

import pytest
from playwright.sync_api import Page, expect

from registry_ui.accounts.models import User
from tests.parts.openid_provider import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_the_company_account_signs_in_with_its_groups(
    live_server, page: Page, company, team
) -> None:
    told: list[str] = []
    page.on(
        "console",
        lambda message: (
            told.append(message.text)
            if message.type == "error" and "localhost" in message.text
            else None
        ),
    )
    provider = company(group_roles={"platform": (("harbour", "admin"),)})
    provider.let_back_to(live_server.url)
    provider.add("anna", "platform")

    page.goto(f"{live_server.url}/registries/add/")
    page.get_by_role("button", name="Sign in with Company").click()
    page.locator("#login").fill("anna")
    page.locator("#login").press("Enter")
    page.locator("#password").fill(PASSWORD)
    page.locator("#password").press("Enter")

    expect(page).to_have_url(f"{live_server.url}/registries/add/")
    expect(page.get_by_text("Harbour").first).to_be_visible()
    assert User.objects.get().username == "anna"
    assert [
        text for text in told if "Content Security Policy" in text and live_server.url in text
    ] == []
