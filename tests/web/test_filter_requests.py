"""Tests that a filter form sends one request for a change, whatever events it causes."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.urls import reverse
from playwright.sync_api import Page, expect

from registry_ui.accounts.audit.log import record
from registry_ui.accounts.models import Action
from tests.parts.demo_data import create_demo_data

TEMPLATES = Path(settings.BASE_DIR) / "templates"
TRIGGER = re.compile(r'hx-trigger="([^"]*)"')
TAG = re.compile(r"<(?:[^<>{]|\{%.*?%\}|\{\{.*?\}\})*?>", re.DOTALL)
# htmx does what is due, as if two seconds had passed.
DELAY = 2000
COUNT = """() => {
    window.requests = [];
    document.addEventListener("htmx:beforeRequest", (event) => {
        if (event.target.matches("[data-skip-unchanged]"))
            requests.push(event.detail.requestConfig.path);
    });
}"""


def test_a_filter_with_several_triggers_skips_unchanged_values():
    faults = []
    for path in TEMPLATES.rglob("*.html"):
        for tag in TAG.findall(path.read_text()):
            if not (trigger := TRIGGER.search(tag)):
                continue
            events = {part.split()[0] for part in trigger[1].split(",")}
            if (
                len(events) > 1
                and events & {"input", "change"}
                and "data-skip-unchanged" not in tag
            ):
                faults.append(f"{path.relative_to(TEMPLATES)}: {trigger[1]}")
    assert faults == []


# --- in the browser: the clock of a page is that of its whole context, so each test has its own


pytestmark = pytest.mark.browser_context_args


@pytest.fixture
def visit(live_server, page: Page, sign_in, alice):
    """Open a page, and count the requests of its filter in `requests` from then on."""
    alice.is_superuser = True
    alice.save(update_fields=["is_superuser"])
    sign_in(alice)
    page.clock.install()

    def go(name: str, *arguments) -> None:
        page.goto(live_server.url + reverse(name, args=arguments))
        settle(page)
        page.evaluate(COUNT)

    return go


def settle(page: Page) -> int:
    """Wait until htmx has settled; return the number of requests of the filter."""
    page.clock.run_for(DELAY)
    expect(page.locator(".htmx-request")).to_have_count(0)
    page.clock.run_for(DELAY)
    expect(page.locator(".htmx-request")).to_have_count(0)
    return page.evaluate("window.requests?.length")


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_typing_and_leaving_the_field_sends_one_request(visit, page, team, alice):
    made = create_demo_data(team, alice)
    repository = ("registries:repository", made.registry.pk, made.repository.name)
    filters = [
        (("accounts:audit_log",), "[name=who]"),
        (("accounts:audit_log",), "[name=object]"),
        (("accounts:administration_people",), "#people-search"),
        (("images:list",), "#search"),
        (("registries:repositories", made.registry.pk), "#repository-search"),
        (repository, "#tag-search"),
        (repository, "#tag-versions"),
        (("mirrors:add",), "[name=repositories]"),
        (("web:guide",), "#suffix-query"),
    ]
    for address, selector in filters:
        visit(*address)
        field = page.locator(selector)
        field.press_sequentially("1.2")
        assert settle(page) == 1, (address, selector)
        field.press("Tab")
        assert settle(page) == 1, (address, selector)
        field.press_sequentially("7")
        field.press("Tab")
        assert settle(page) == 2, (address, selector)


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_a_list_that_is_chosen_from_sends_one_request(visit, page, team, alice):
    create_demo_data(team, alice)
    for name, selector in [
        ("accounts:audit_log", "[name=outcome]"),
        ("transfers:list", "[name=state]"),
    ]:
        visit(name)
        page.locator(selector).select_option(index=1)
        page.locator(selector).press("Tab")
        assert settle(page) == 1, name


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_enter_always_sends_a_request_and_cancels_the_delayed_one(visit, page, alice):
    visit("accounts:administration_people")
    field = page.locator("#people-search")
    field.press_sequentially("bob")
    field.press("Enter")
    assert settle(page) == 1
    field.press("Enter")
    assert settle(page) == 2


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_values_whose_request_failed_are_asked_for_again(visit, page, alice):
    visit("accounts:audit_log")
    page.route("**/audit-log/?*", lambda route: route.abort())
    page.locator("[name=who]").press_sequentially("bob")
    assert settle(page) == 1
    page.unroute("**/audit-log/?*")
    page.locator("[name=who]").press("Tab")
    assert settle(page) == 2
    expect(page.get_by_text("Nothing matches")).to_be_visible()


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_opened_details_stay_open_when_the_field_loses_focus(visit, page, alice, team):
    record(Action.REGISTRY_ADDED, user=alice, team=team, name="Depot")
    visit("accounts:audit_log")
    page.locator("[name=object]").press_sequentially("Depot")
    settle(page)
    details = page.locator("#events details")
    expect(details).to_have_count(1)
    # Opening takes the focus from the field, which tells of its change once more.
    details.locator("summary").click()
    settle(page)
    expect(details).to_have_attribute("open", "")
