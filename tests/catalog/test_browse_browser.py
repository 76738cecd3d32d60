"""The pages of a registry and a repository in a real browser."""

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from registry_ui.catalog.models import IndexRun, Repository
from registry_ui.jobs.models import State
from tests.catalog.listings.tag_rows import add_artifact, add_tags
from tests.parts.index_rows import make_repository
from tests.parts.quiet_page import requests_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def faults(page):
    """Return the errors of the page: broken scripts and violations of the security policy."""
    errors: list[str] = []

    def on_console(message) -> None:
        if message.type == "error":
            errors.append(message.text)

    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", on_console)
    return errors


@pytest.fixture
def nginx(make_registry):
    repository = make_repository(
        make_registry(name="Ours", indexed_at=timezone.now(), repository_count=1), "library/nginx"
    )
    names = [
        f"1.{minor}.{patch}{suffix}"
        for minor in range(20, 30)
        for patch in range(3)
        for suffix in ("", "-alpine", "-alpine-slim")
    ]
    add_tags(repository, {**{name: name for name in names}, "latest": "1.29.2", "1.29": "1.29.2"})
    add_artifact(repository)
    return repository


@pytest.fixture
def visit(live_server, page, sign_in, alice, nginx, faults):
    sign_in(alice)

    def go(query: str = "") -> None:
        path = reverse("registries:repository", args=[nginx.registry_id, nginx.name])
        page.goto(f"{live_server.url}{path}{query}")

    return go


def tags_on(page) -> list[str]:
    return page.locator("tbody .tag-name-link").all_text_contents()


def query_of(page) -> str:
    return page.url.partition("?")[2]


def test_typing_filters_the_list_and_changes_the_url(visit, page, faults) -> None:
    visit()
    page.get_by_label("Name or digest").fill("1.28")
    page.get_by_text("9 of 92 tags").wait_for()
    page.get_by_label("slim", exact=False).first.check()
    page.get_by_text("3 of 92 tags").wait_for()
    assert tags_on(page) == ["1.28.2-alpine-slim", "1.28.1-alpine-slim", "1.28.0-alpine-slim"]
    assert query_of(page) == "q=1.28&variant=slim"

    page.locator("#sort-version").click()
    page.wait_for_url("**sort=version**")
    assert tags_on(page)[0] == "1.28.0-alpine-slim"
    expect(page.locator("#sort-version")).to_be_focused()
    page.get_by_label("Range of versions").press_sequentially("1.28.1")
    page.get_by_text("1 of 92 tags").wait_for()
    assert "sort=version" in query_of(page)

    page.reload()
    assert tags_on(page) == ["1.28.1-alpine-slim"]
    assert page.get_by_label("Name or digest").input_value() == "1.28"
    assert faults == []


def test_an_invalid_range_is_reported_while_typing(visit, page, faults) -> None:
    visit()
    field = page.get_by_label("Range of versions")
    field.press_sequentially(">=")
    page.get_by_text("is no bound").wait_for()
    field.press_sequentially("1.29")
    page.get_by_text("11 of 92 tags").or_(page.get_by_text("10 of 92 tags")).wait_for()
    expect(page.locator("#versions-problem")).to_be_hidden()
    assert page.evaluate("document.activeElement.id") == "tag-versions"
    assert faults == []


def test_selected_rows_show_the_actions(visit, page, faults, nginx) -> None:
    visit()
    bar = page.locator("[data-selection-bar]")
    assert not bar.is_visible()
    page.get_by_label("Select 1.29.2", exact=True).check()
    assert "Selected: 1" in bar.inner_text()
    assert not bar.get_by_role("link", name="Compare").is_visible()
    page.get_by_label("Select 1.29.1", exact=True).check()
    address = bar.get_by_role("link", name="Compare").get_attribute("href")
    name = f"{nginx.registry.host}%2Flibrary%2Fnginx%3A".replace(":", "%3A")
    assert address.endswith(f"{reverse('registries:compare')}?left={name}1.29.2&right={name}1.29.1")

    page.get_by_label("Select 1.29.0", exact=True).click(modifiers=["Shift"])
    count = page.locator('input[name="tag"]:checked').count()
    assert f"Selected: {count}" in bar.inner_text()
    assert count > 3
    page.get_by_label("Select all on this page").check()
    assert "Selected: 50" in bar.inner_text()
    page.get_by_label("Select none").click()
    bar.wait_for(state="hidden")
    assert not page.get_by_label("Select all on this page").is_checked()

    page.get_by_label("Select latest").check()
    page.get_by_label("Name or digest").fill("1.29")
    page.get_by_text("10 of 92 tags").wait_for()
    bar.wait_for(state="hidden")
    assert faults == []


def test_the_selected_tags_are_in_the_form_of_the_action(visit, page) -> None:
    visit()
    page.get_by_label("Select 1.29.2", exact=True).check()
    page.get_by_label("Select latest").check()
    with page.expect_request(lambda request: request.method == "POST") as sent:
        page.get_by_role("button", name="Pull", exact=True).click()
    body = sent.value.post_data
    assert sent.value.url.endswith(reverse("transfers:pull_tags"))
    assert "repository=library%2Fnginx&tag=latest&tag=1.29.2" in body
    assert "csrfmiddlewaretoken=" in body


def test_columns_are_hidden_without_leaving_the_menu(visit, page, faults) -> None:
    visit()
    page.locator(".columns-menu summary").click()
    page.get_by_role("group", name="Hide").get_by_label("Digest", exact=True).check()
    page.wait_for_url("**hide=digest**")
    page.get_by_role("group", name="Hide").get_by_label("Size").check()
    page.wait_for_url("**hide=size**")
    assert page.locator("thead th").all_inner_texts()[1:] == [
        "Tag",
        "Platforms",
        "Built",
        "Last change",
    ]
    assert faults == []


def test_everything_is_reachable_by_keyboard(visit, page, nginx) -> None:
    visit()
    page.keyboard.press("f")
    assert page.evaluate("document.activeElement.id") == "tag-search"
    page.keyboard.type("1.27.1-alpine-s")
    page.get_by_text("1 of 92 tags").wait_for()
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.className") == "tag-name-link":
            break
    page.keyboard.press("Enter")
    page.wait_for_url("**/images/library/nginx:1.27.1-alpine-slim/")


@pytest.mark.browser_context_args
def test_a_run_shows_its_progress_and_the_new_rows(
    live_server, page, sign_in, bob, make_registry, faults
) -> None:
    registry = make_registry(name="Ours")
    run = IndexRun.objects.create(
        team=registry.team,
        registry=registry,
        state=State.RUNNING,
        progress={"phase": "listing", "repositories": 3},
    )
    sign_in(bob)
    page.clock.install()
    page.goto(f"{live_server.url}{reverse('registries:repositories', args=[registry.pk])}")
    page.get_by_text("On its way").wait_for()
    page.get_by_label("Search repositories by name").focus()

    make_repository(registry, "team/app")
    registry.indexed_at, registry.repository_count = timezone.now(), 1
    registry.save()
    IndexRun.objects.filter(pk=run.pk).update(
        state=State.SUCCEEDED, finished_at=timezone.now(), progress={"phase": "counting"}
    )

    page.get_by_role("link", name="team/app").wait_for()
    expect(page.locator("#index-status").get_by_text("Looked at")).to_be_visible()
    expect(page.locator("#index-words")).to_have_text("Up to date")
    expect(page.locator("#repository-search")).to_be_focused()
    assert requests_in(page, 10_000) == []
    assert faults == []


def test_refresh_and_cancel_work_in_place(
    live_server, page, sign_in, bob, make_registry, faults
) -> None:
    registry = make_registry(name="Ours", indexed_at=timezone.now())
    sign_in(bob)
    page.goto(f"{live_server.url}{reverse('registries:repositories', args=[registry.pk])}")
    page.get_by_role("button", name="Refresh").click()
    page.locator("#index-status").get_by_text("Waiting for a worker").wait_for()
    page.get_by_role("button", name="Cancel").click()
    page.get_by_text("The last look was stopped").first.wait_for()
    assert IndexRun.objects.get().state == State.CANCELLED
    assert faults == []


def test_repositories_are_searched_and_sorted_without_a_new_page(
    live_server, page, sign_in, bob, make_registry, faults
) -> None:
    registry = make_registry(name="Ours", indexed_at=timezone.now(), repository_count=3)
    for name, size in (("team/app", 10), ("team/web", 30), ("other/app", 20)):
        Repository.objects.filter(pk=make_repository(registry, name).pk).update(size=size)
    sign_in(bob)
    page.goto(f"{live_server.url}{reverse('registries:repositories', args=[registry.pk])}")
    page.get_by_label("Search repositories by name").fill("app")
    page.wait_for_url("**?q=app")
    page.locator("#sort-size").click()
    page.wait_for_url("**sort=-size**")
    assert page.locator("tbody th a").all_inner_texts() == ["other/app", "team/app"]
    page.go_back()
    page.wait_for_url("**?q=app")
    page.locator('th[aria-sort="ascending"]', has_text="Repository").wait_for()
    assert page.get_by_label("Search repositories by name").input_value() == "app"
    assert faults == []


def test_the_pages_work_without_javascript(
    live_server, new_context, sign_in, page, alice, nginx
) -> None:
    sign_in(alice)
    context = new_context(java_script_enabled=False, storage_state=page.context.storage_state())
    plain = context.new_page()
    plain.goto(
        f"{live_server.url}{reverse('registries:repository', args=[nginx.registry_id, nginx.name])}"
    )
    plain.get_by_label("Name or digest").fill("1.28")
    plain.get_by_label("slim", exact=False).first.check()
    plain.get_by_role("button", name="Filter").click()
    assert tags_on(plain) == ["1.28.2-alpine-slim", "1.28.1-alpine-slim", "1.28.0-alpine-slim"]
    plain.locator("#sort-version").click()
    assert tags_on(plain)[0] == "1.28.0-alpine-slim"
    assert "With the ticked tags:" in plain.locator(".selection-bar").inner_text()
    assert plain.get_by_role("button", name="Pull", exact=True).is_visible()
    assert not plain.get_by_role("link", name="Compare").is_visible()


@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_is_wider_than_the_window(visit, page, width) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    visit("?group=variant")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
