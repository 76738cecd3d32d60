import pytest
from django.urls import reverse

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def visit(live_server, page, sign_in, alice):
    sign_in(alice)
    return lambda path: page.goto(f"{live_server.url}{path}")


def test_only_the_fields_of_the_chosen_connection_are_shown(visit, page, team) -> None:
    visit(f"{reverse('registries:add')}?provider=private")
    authority, tick = (
        page.locator("[name=ca_certificate]"),
        page.locator("[name=accepts_plain_http]"),
    )
    assert not authority.is_visible()
    assert not tick.is_visible()
    page.get_by_label("HTTPS, certificate from your own authority").check()
    assert authority.is_visible()
    page.get_by_label("Plain HTTP, not encrypted").check()
    assert tick.is_visible()
    assert not authority.is_visible()


def test_a_registry_and_a_credential_are_added_by_hand(
    visit, page, team, htpasswd_registry
) -> None:
    visit(reverse("registries:list"))
    page.get_by_role("link", name="Private registry").click()
    page.get_by_label("Host").fill(f"http://{htpasswd_registry.host}/")
    page.get_by_label("Plain HTTP, not encrypted").check()
    page.get_by_label("I know that everybody").check()
    page.get_by_role("button", name="Add and test the connection").click()
    page.get_by_text("With username and secret at every request").wait_for()
    page.get_by_role("link", name="Add a credential").first.click()
    page.get_by_label("Username").fill(htpasswd_registry.username)
    page.locator("[name=secret]").fill("wrong")
    page.get_by_role("button", name="Log in and save").click()
    page.get_by_text("refused the login").wait_for()
    assert page.locator("[name=secret]").input_value() == ""
    page.locator("[name=secret]").fill(htpasswd_registry.password)
    page.get_by_role("button", name="Log in and save").click()
    page.get_by_text(f"Login succeeded at {htpasswd_registry.host}").wait_for()
    page.get_by_role("button", name="Test", exact=True).click()
    page.locator(".toast", has_text="Login succeeded").last.wait_for()


def test_a_typed_secret_stays_in_the_field_while_the_registry_does_not_answer(
    visit, page, make_registry
) -> None:
    row = make_registry(host="127.0.0.1:1", security="plain_http")
    visit(reverse("registries:credential_add", args=[row.pk]))
    page.get_by_label("Username").fill("robot")
    page.locator("[name=secret]").fill("typed once")
    page.get_by_role("button", name="Log in and save").click()
    page.get_by_role("button", name="Save untested").click()
    page.get_by_text("not tested yet").wait_for()
    assert row.credentials.get().secret.reveal() == "typed once"


def test_the_connection_is_tested_within_the_page(visit, page, make_registry, registry) -> None:
    visit(reverse("registries:detail", args=[make_registry(registry).pk]))
    page.get_by_role("button", name="Test connection").click()
    page.get_by_text("A registry answers").wait_for()
    assert page.locator("#connection .steps > li").count() == 5
