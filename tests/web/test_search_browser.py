"""Browser tests of the search: keyboard only, narrow screens, no JavaScript."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from registry_ui.catalog.indexing import index_services as index_services
from registry_ui.registries.models import Registry, Security
from tests.conftest import PASSWORD
from tests.parts.axe import SERIOUS, findings
from tests.parts.images import push
from tests.parts.index_rows import make_image, make_repository
from transfers.models import Transfer

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def hub(team):
    return Registry.objects.get(team=team, host="docker.io")


@pytest.fixture
def nginx(hub):
    image = make_image(hub, ("nginx", 1024))
    make_repository(hub, "acme/nginx-proxy", {"1.0": image})
    return make_repository(
        hub, "library/nginx", {"1.27": image, "1.27-alpine": image, "latest": image}
    )


@pytest.fixture
def home(page: Page, live_server, sign_in, alice, nginx):
    complaints: list[str] = []
    page.on(
        "console",
        lambda message: (
            complaints.append(message.text) if message.type in ("error", "warning") else None
        ),
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))
    sign_in(alice)
    page.goto(f"{live_server.url}/preferences/")
    yield page
    assert complaints == []


@pytest.fixture
def panel(page: Page):
    return page.locator("[data-search-panel]")


def field(page: Page):
    return page.get_by_label("Search everywhere")


def search(page: Page, text: str) -> None:
    page.locator("main").focus()
    page.keyboard.press("/")
    expect(field(page)).to_be_focused()
    page.keyboard.type(text)


def expect_hits(panel: Locator, text: str) -> None:
    """Wait for the results of the whole text, which replace those of its beginning."""
    expect(panel.get_by_role("link").last).to_have_text(f"All results for “{text}”")


def test_the_arrow_keys_go_through_the_hits_and_enter_opens_one(home, panel, hub):
    home.route("**/registries/**", lambda route: route.fulfill(body="opened"))
    search(home, "nginx")
    expect_hits(panel, "nginx")
    hits = panel.get_by_role("link")
    expect(hits.first).to_contain_text("docker.io/library/nginx")
    home.keyboard.press("ArrowUp")
    expect(field(home)).to_be_focused()
    home.keyboard.press("ArrowDown")
    home.keyboard.press("ArrowDown")
    expect(hits.nth(1)).to_be_focused()
    home.keyboard.press("ArrowUp")
    expect(hits.first).to_be_focused()
    home.keyboard.press("Enter")
    expect(home).to_have_url(re.compile(f"/registries/{hub.pk}/repositories/library/nginx/$"))


def test_the_arrow_keys_stop_at_the_last_hit(home, panel):
    search(home, "nginx")
    expect_hits(panel, "nginx")
    for _step in range(12):
        home.keyboard.press("ArrowDown")
    expect(panel.get_by_role("link").last).to_be_focused()
    expect(panel.get_by_role("link").last).to_have_text("All results for “nginx”")


def test_escape_closes_the_hits_and_then_leaves_the_field(home, panel):
    search(home, "nginx")
    expect_hits(panel, "nginx")
    home.keyboard.press("ArrowDown")
    home.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    expect(field(home)).to_be_focused()
    expect(field(home)).to_have_value("nginx")
    home.keyboard.press("ArrowDown")
    expect(panel).to_be_visible()
    home.keyboard.press("Escape")
    home.keyboard.press("Escape")
    expect(field(home)).not_to_be_focused()


def test_typing_moves_the_focus_back_to_the_field(home, panel):
    search(home, "ngin")
    expect_hits(panel, "ngin")
    home.keyboard.press("ArrowDown")
    home.keyboard.type("x 1.27-a")
    expect(field(home)).to_have_value("nginx 1.27-a")
    expect(panel.get_by_role("link").first).to_contain_text("1.27-alpine")


def test_the_number_of_results_is_said(home):
    search(home, "nginx 1.27")
    expect(home.locator("#search-status")).to_contain_text("2 results.")
    search(home, "nothing-like-it")
    expect(home.locator("#search-status")).to_contain_text("0 results.")


def test_without_a_choice_enter_shows_all_results(home, live_server):
    search(home, "nginx")
    home.keyboard.press("Enter")
    expect(home).to_have_url(f"{live_server.url}/search/?q=nginx")
    expect(home.get_by_role("heading", level=1)).to_have_text("Search")
    expect(home.get_by_label("Search everywhere")).to_have_value("nginx")


def test_the_hits_go_away_with_a_click_elsewhere_and_with_the_tab_key(home, panel):
    search(home, "nginx")
    expect_hits(panel, "nginx")
    home.mouse.click(20, 800)
    expect(panel).to_be_hidden()
    field(home).focus()
    expect(panel).to_be_visible()
    panel.get_by_role("link").last.focus()
    home.keyboard.press("Tab")
    expect(panel).to_be_hidden()


def test_an_empty_field_shows_nothing(home, panel):
    search(home, "nginx")
    expect_hits(panel, "nginx")
    field(home).fill("")
    expect(panel).to_be_hidden()


def test_the_page_searches_as_one_types(home, live_server):
    home.goto(f"{live_server.url}/search/")
    expect(field(home)).to_be_focused()
    home.keyboard.type("nginx")
    expect(home).to_have_url(f"{live_server.url}/search/?q=nginx")
    home.keyboard.press("ArrowDown")
    expect(home.locator("#found").get_by_role("link").first).to_be_focused()
    home.keyboard.press("Escape")
    expect(field(home)).to_be_focused()


def test_on_a_narrow_screen_the_glass_opens_the_field(home, panel):
    home.set_viewport_size({"width": 390, "height": 844})
    expect(field(home)).to_be_hidden()
    glass = home.get_by_role("search").get_by_role("button", name="Search")
    glass.click()
    expect(field(home)).to_be_focused()
    assert field(home).bounding_box()["width"] > 300
    home.keyboard.type("nginx")
    expect_hits(panel, "nginx")
    assert home.evaluate("document.documentElement.scrollWidth") <= 390
    home.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    home.keyboard.press("Escape")
    expect(field(home)).to_be_hidden()
    search(home, "x")
    expect(field(home)).to_be_visible()
    expect(panel).to_be_visible()
    home.mouse.click(5, 760)
    expect(field(home)).to_be_hidden()


def test_the_key_f_goes_to_the_pages_own_filter(home, live_server):
    home.goto(f"{live_server.url}/guide/")
    home.locator("main").focus()
    home.keyboard.press("f")
    expect(home.locator("main input:focus")).to_have_count(1)
    home.goto(f"{live_server.url}/transfers/pull/")
    home.locator("main").focus()
    home.keyboard.press("f")
    expect(home.get_by_role("textbox", name="Image")).to_be_focused()


def test_axe_finds_nothing(home, live_server, panel):
    search(home, "nginx 1.27")
    expect_hits(panel, "nginx 1.27")
    home.keyboard.press("ArrowDown")
    assert findings(home, impacts=SERIOUS | {"moderate"}) == []
    home.keyboard.press("Escape")
    home.goto(f"{live_server.url}/search/?q=nginx:1.27")
    assert findings(home, impacts=SERIOUS | {"moderate"}) == []
    home.goto(f"{live_server.url}/search/")
    assert findings(home, impacts=SERIOUS | {"moderate"}) == []


def test_all_of_it_works_without_script(new_context, live_server, alice, nginx):
    page = new_context(java_script_enabled=False).new_page()
    page.goto(live_server.url)
    page.get_by_label("Username or e-mail address").fill("alice")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    field(page).fill("nginx 1.27")
    field(page).press("Enter")
    expect(page.locator("#found")).to_contain_text("docker.io/library/nginx:1.27-alpine")
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{live_server.url}/preferences/")
    page.get_by_role("search").get_by_role("button", name="Search").click()
    expect(page).to_have_url(re.compile("/search/"))
    field(page).fill("alpine")
    page.get_by_role("button", name="Search").click()
    expect(page.locator("#found")).to_contain_text("what it means in a tag")


def tab_to(page: Page, target: Locator) -> None:
    for _step in range(200):
        page.keyboard.press("Tab")
        if target.evaluate("(element) => element === document.activeElement"):
            return
    raise AssertionError(f"The Tab key does not reach {target}")


def test_from_a_word_to_a_pull_by_keyboard_alone(
    page, live_server, sign_in, team, bob, registry, image_factory
):
    ours = Registry.objects.create(
        team=team, name="Ours", host=registry.host, security=Security.PLAIN_HTTP
    )
    repository = registry.new_repository("keyboard")
    for tag in ("1.26", "1.27", "1.27-alpine"):
        push(registry, image_factory.build_image(layer_size=500), repository, tag)
    index_services.add_repository(registry=ours, user=bob, name=repository)
    index_services.run_index_inline(
        index_services.start_index(registry=ours, user=bob, repository=repository, enqueue=False)
    )
    sign_in(bob)
    page.goto(live_server.url)

    search(page, repository.rpartition("/")[2])
    expect(page.locator("[data-search-panel] [data-hit]").first).to_contain_text(repository)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(f"/registries/{ours.pk}/repositories/{repository}/"))

    page.keyboard.press("f")
    page.keyboard.type("alpine")
    expect(page.get_by_role("link", name="1.26", exact=True)).to_have_count(0)
    tab_to(page, page.get_by_role("link", name="1.27-alpine", exact=True).first)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(f"/images/{repository}:1.27-alpine/"))

    tab_to(page, page.locator("main").get_by_role("link", name="Pull", exact=True))
    page.keyboard.press("Enter")
    expect(page.get_by_role("textbox", name="Image")).to_have_value(
        f"{registry.host}/{repository}:1.27-alpine"
    )
    tab_to(page, page.locator("main").get_by_role("button", name="Pull", exact=True))
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/transfers/[0-9a-f-]{36}/$"))
    assert Transfer.objects.get().source == f"{registry.host}/{repository}:1.27-alpine"
