"""Browser tests of the base page: keyboard, menus, toasts, narrow screens, no JavaScript."""

import pytest
from playwright.sync_api import Page, expect

from registry_ui.accounts import services
from registry_ui.accounts.models import Membership
from tests.conftest import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def problems(page: Page) -> list[str]:
    """Return the browser's messages: failed scripts, violations of the security policy."""
    problems_of_page: list[str] = []
    page.on(
        "console",
        lambda message: (
            problems_of_page.append(message.text) if message.type in ("error", "warning") else None
        ),
    )
    page.on("pageerror", lambda error: problems_of_page.append(str(error)))
    return problems_of_page


@pytest.fixture
def preferences(page: Page, live_server, sign_in, alice, problems) -> Page:
    sign_in(alice)
    page.goto(f"{live_server.url}/preferences/")
    yield page
    assert problems == []


def test_the_first_person_sets_up_and_signs_in(page, live_server, problems):
    page.goto(f"{live_server.url}/setup/{services.issue_setup_token()}/")
    page.get_by_label("Username").fill("ada")
    page.get_by_label("Password", exact=True).fill("a harbour full of ships")
    page.get_by_label("Password, again").fill("a harbour full of ships")
    page.get_by_role("button", name="Set up this installation").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Overview")
    expect(page.get_by_role("status")).to_contain_text("This installation is yours now.")
    page.locator("summary", has_text="Your account: ada").click()
    page.get_by_role("button", name="Sign out").click()
    page.get_by_label("Username or e-mail address").fill("ada")
    page.get_by_label("Password").fill("a harbour full of ships")
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Overview")
    assert problems == []


def test_saving_shows_a_toast_that_closes(preferences):
    preferences.get_by_label("Name", exact=False).first.fill("Alice Liddell")
    preferences.get_by_role("button", name="Save").click()
    toast = preferences.locator("[data-toast]")
    expect(toast).to_contain_text("Your preferences are saved.")
    toast.get_by_role("button", name="Close").click()
    expect(toast).to_have_count(0)


def test_a_theme_is_shown_at_once(preferences):
    ground = "getComputedStyle(document.documentElement).backgroundColor"
    preferences.emulate_media(color_scheme="light")
    light = preferences.evaluate(ground)
    preferences.get_by_label("Dark").check()
    assert preferences.evaluate(ground) != light


def test_the_browsers_time_zone_is_offered(preferences):
    preferences.get_by_role("button", name="UTC").click()
    expect(preferences.get_by_label("Time zone")).to_have_value("UTC")
    expect(preferences.locator("[data-zone-suggestion]")).to_be_hidden()


def test_the_first_key_skips_to_the_content(preferences):
    preferences.keyboard.press("Tab")
    skip = preferences.get_by_text("Skip to the content")
    expect(skip).to_be_focused()
    preferences.keyboard.press("Enter")
    expect(preferences.locator("main")).to_be_focused()


def test_the_menu_closes_with_escape_and_gives_the_focus_back(preferences):
    menu = preferences.locator("summary", has_text="Your account: alice")
    menu.click()
    link = preferences.get_by_role("link", name="Sign-in and sessions")
    expect(link).to_be_visible()
    link.focus()
    preferences.keyboard.press("Escape")
    expect(link).to_be_hidden()
    expect(menu).to_be_focused()


def test_the_menu_closes_with_a_click_elsewhere(preferences):
    preferences.locator("summary", has_text="Your account: alice").click()
    preferences.get_by_role("heading", level=1).click()
    expect(preferences.get_by_role("link", name="Sign-in and sessions")).to_be_hidden()


def test_the_question_mark_lists_the_keys(preferences):
    preferences.locator("main").focus()
    preferences.keyboard.press("?")
    dialog = preferences.get_by_role("dialog", name="Keys")
    expect(dialog).to_be_visible()
    preferences.keyboard.press("Escape")
    expect(dialog).to_be_hidden()


def test_the_keys_stay_letters_in_a_field(preferences):
    field = preferences.get_by_label("Name", exact=False).first
    field.fill("")
    field.press_sequentially("a/b?")
    expect(field).to_have_value("a/b?")
    expect(preferences.get_by_role("dialog")).to_be_hidden()


def test_the_first_wrong_field_has_the_focus(preferences, problems):
    preferences.get_by_label("E-mail address").fill("new@example.com")
    preferences.get_by_role("button", name="Save").click()
    expect(preferences.get_by_label("Current password")).to_be_focused()
    assert [problem for problem in problems if "422" not in problem] == []
    problems.clear()


def test_the_navigation_swaps_the_page_and_says_where_one_is(preferences):
    preferences.evaluate("window.stayed = true")
    preferences.get_by_role("navigation", name="Main").get_by_role("link", name="Overview").click()
    expect(preferences.get_by_role("heading", level=1)).to_have_text("Overview")
    expect(preferences.get_by_role("link", name="Overview", exact=True)).to_have_attribute(
        "aria-current", "page"
    )
    expect(preferences.locator("main")).to_be_focused()
    assert preferences.evaluate("window.stayed")
    preferences.go_back()
    expect(preferences.get_by_role("heading", level=1)).to_have_text("Preferences")


def test_a_button_copies(preferences):
    preferences.context.grant_permissions(["clipboard-read", "clipboard-write"])
    preferences.evaluate(
        "document.querySelector('main').insertAdjacentHTML('beforeend', '<button class=copy "
        "data-copy=sha256:abc>copy</button>')"
    )
    preferences.locator("[data-copy]").click()
    # It says so for a short time: only a wait within the page is sure to see it.
    preferences.locator("[data-copied]").wait_for()
    assert preferences.evaluate("navigator.clipboard.readText()") == "sha256:abc"


def test_a_server_that_does_not_answer_is_reported(preferences, problems):
    preferences.route("**/", lambda route: route.abort())
    preferences.get_by_role("navigation", name="Main").get_by_role("link", name="Overview").click()
    expect(preferences.locator(".toast-error")).to_contain_text("The server does not answer.")
    problems.clear()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_narrow_screens_scroll_in_one_direction_only(page, live_server, sign_in, alice, theme):
    sign_in(alice)
    page.set_viewport_size({"width": 390, "height": 844})
    page.emulate_media(color_scheme=theme)
    for path in ("/", "/preferences/", "/account/password/change/", "/nothing/"):
        page.goto(live_server.url + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, path
        expect(page.get_by_role("navigation", name="Main")).to_be_in_viewport()


def test_motion_stops_on_request(page, live_server):
    page.emulate_media(reduced_motion="reduce")
    page.goto(f"{live_server.url}/account/login/")
    for scheme in ("dark", "light"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        assert page.evaluate("document.getAnimations().length") == 0


def test_all_of_it_works_without_script(new_context, live_server, alice, other_team):
    Membership.objects.create(team=other_team, user=alice)
    page = new_context(java_script_enabled=False).new_page()
    page.goto(live_server.url)
    page.get_by_label("Username or e-mail address").fill("alice")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_label("Team Harbour: switch").click()
    page.get_by_role("button", name="Lighthouse").click()
    expect(page.get_by_label("Team Lighthouse: switch")).to_be_visible()
    page.locator("summary", has_text="Your account: alice").click()
    page.get_by_role("link", name="Preferences").click()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_contain_text("Your preferences are saved.")
    expect(
        page.locator(".copy, .needs-script, [data-toast-close]").locator("visible=true")
    ).to_have_count(0)
    page.locator("summary", has_text="Your account: alice").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")


def test_a_telephone_reaches_every_place(page, live_server, sign_in, alice):
    page.set_viewport_size({"width": 390, "height": 800})
    sign_in(alice)
    page.goto(live_server.url)
    bar = page.get_by_role("navigation", name="Main")
    expect(bar.get_by_role("link")).to_have_count(4)

    bar.get_by_text("More").click()
    bar.get_by_role("link", name="Guide").click()

    expect(page).to_have_url(f"{live_server.url}/guide/")
    expect(bar.get_by_role("link")).to_have_count(4)
