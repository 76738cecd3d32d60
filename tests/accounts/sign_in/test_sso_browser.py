"""Single sign-on in a browser, under the content security policy."""

import pytest
from playwright.sync_api import Page, expect

from registry_ui.accounts.models import User
from tests.parts.openid_provider import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_an_account_of_the_provider_signs_in_with_its_groups(
    live_server, page: Page, use_provider, team
) -> None:
    errors: list[str] = []
    page.on(
        "console",
        lambda message: (
            errors.append(message.text)
            if message.type == "error" and "localhost" in message.text
            else None
        ),
    )
    provider = use_provider(group_roles={"platform": (("harbour", "admin"),)})
    provider.allow_callback(live_server.url)
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
        text for text in errors if "Content Security Policy" in text and live_server.url in text
    ] == []
