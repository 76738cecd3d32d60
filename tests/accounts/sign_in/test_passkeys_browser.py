"""Passkeys in a browser, with Chromium's virtual authenticator."""

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from registry_ui.accounts.models import Action, AuditEvent
from tests.conftest import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def browser_errors(page: Page) -> list[str]:
    """Errors in the browser's console, such as a violation of the content security policy."""
    errors: list[str] = []
    page.on(
        "console", lambda message: errors.append(message.text) if message.type == "error" else None
    )
    page.on("pageerror", lambda error: errors.append(str(error)))
    return errors


@pytest.fixture
def security_key(page: Page):
    """Return a function that adds an authenticator.

    With `verifies=False` it is a security key, which asks for no PIN or fingerprint.
    """
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")

    def add(*, verifies: bool = True) -> str:
        options = {
            "protocol": "ctap2",
            "transport": "internal" if verifies else "usb",
            "hasResidentKey": verifies,
            "hasUserVerification": verifies,
            "isUserVerified": verifies,
            "automaticPresenceSimulation": True,
        }
        return session.send("WebAuthn.addVirtualAuthenticator", {"options": options})[
            "authenticatorId"
        ]

    add.remove = lambda pk: session.send(
        "WebAuthn.removeVirtualAuthenticator", {"authenticatorId": pk}
    )
    return add


def add_passkey(
    page: Page, url: str, *, passwordless: bool = True, name: str = "My laptop"
) -> None:
    page.goto(f"{url}{reverse('mfa_add_webauthn')}")
    page.locator("#id_name").fill(name)
    page.get_by_label("without a password").set_checked(passwordless)
    page.get_by_role("button", name="Make the passkey").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()


def test_a_passkey_signs_in_without_a_password(
    live_server, page, sign_in, alice, security_key, browser_errors
) -> None:
    security_key()
    sign_in(alice)
    add_passkey(page, live_server.url)
    page.goto(f"{live_server.url}{reverse('accounts:security')}")
    expect(page.get_by_text("Passkey, signs in alone")).to_be_visible()
    page.context.clear_cookies()

    page.goto(f"{live_server.url}/registries/")
    page.get_by_role("button", name="Sign in with a passkey").click()

    expect(page).to_have_url(f"{live_server.url}/registries/")
    assert (
        AuditEvent.objects.filter(action=Action.SIGNED_IN, details__methods=["webauthn"]).count()
        == 1
    )
    assert browser_errors == []


def test_a_security_key_completes_the_password(
    live_server, page, sign_in, alice, security_key, browser_errors
) -> None:
    security_key(verifies=False)
    sign_in(alice)
    add_passkey(page, live_server.url, passwordless=False)
    page.context.clear_cookies()

    page.goto(f"{live_server.url}/account/login/")
    page.get_by_label("Username or e-mail address").fill("alice")
    page.locator("#id_password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_role("button", name="Use a passkey").click()

    expect(page).to_have_url(f"{live_server.url}/")
    assert browser_errors == []


def test_a_passkey_confirms_the_sign_in(
    live_server, page, sign_in, alice, security_key, browser_errors
) -> None:
    security_key()
    sign_in(alice)
    add_passkey(page, live_server.url)

    page.goto(
        f"{live_server.url}{reverse('mfa_reauthenticate_webauthn')}?next=/preferences/security/"
    )
    page.get_by_role("button", name="Use a passkey").click()

    expect(page).to_have_url(f"{live_server.url}/preferences/security/")
    assert browser_errors == []


def test_a_device_without_the_passkey_gets_a_message(
    live_server, page, sign_in, alice, security_key
) -> None:
    authenticator = security_key()
    sign_in(alice)
    add_passkey(page, live_server.url)
    page.context.clear_cookies()
    security_key.remove(authenticator)
    security_key()

    page.goto(f"{live_server.url}/account/login/")
    page.get_by_role("button", name="Sign in with a passkey").click()

    expect(page.get_by_role("alert")).to_contain_text("The browser gave no passkey")
    expect(page.get_by_role("button", name="Sign in", exact=True)).to_be_enabled()


def test_a_removed_passkey_does_not_sign_in(
    live_server, page, sign_in, alice, security_key
) -> None:
    security_key()
    sign_in(alice)
    add_passkey(page, live_server.url, name="<b>Old phone</b>")
    page.goto(f"{live_server.url}{reverse('accounts:security')}")
    page.get_by_role("link", name="Remove <b>Old phone</b>").click()
    page.get_by_role("button", name="Remove the passkey").click()
    expect(page.get_by_text("The passkey is removed.")).to_be_visible()
    page.context.clear_cookies()

    page.goto(f"{live_server.url}/account/login/")
    page.get_by_role("button", name="Sign in with a passkey").click()

    expect(page.get_by_text("This did not match.")).to_be_visible()
    expect(page).to_have_url(f"{live_server.url}/account/login/")
