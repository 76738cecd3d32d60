"""The main job in a browser, from the setup link to an image that other clients pull."""

import re

import pytest
from django.urls import reverse

from registry_ui.accounts.models import Team, User
from registry_ui.accounts.services import issue_setup_token
from registry_ui.credentials.models import Credential
from registry_ui.images.models import LocalImage
from registry_ui.registries.builtin_registry import builtin_registry_host
from tests.transfers.conftest import add_registry  # noqa: F401
from transfers.models import State, Transfer

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def browser_errors(page):
    """Errors in the browser's console, such as a violation of the content security policy."""
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on(
        "console", lambda message: errors.append(message.text) if message.type == "error" else None
    )
    return errors


def set_up(page, live_server):
    page.goto(live_server.url + reverse("accounts:setup", args=[issue_setup_token()]))
    page.get_by_label("Username").fill("alice")
    page.locator("[name=password]").fill("correct horse battery 9")
    page.locator("[name=repeated]").fill("correct horse battery 9")
    page.locator("main form button").last.click()
    page.get_by_role("heading", name="Overview").wait_for()


def add_the_registry(page, live_server, registry):
    page.goto(live_server.url + reverse("registries:list"))
    assert page.get_by_text("docker.io").first.is_visible()
    page.goto(live_server.url + reverse("registries:add"))
    page.get_by_role("link", name=re.compile("Private registry")).click()
    page.get_by_label("Host").fill(registry.host)
    page.get_by_text("Plain HTTP, not encrypted").click()
    page.locator("input[type=checkbox]:visible").check()
    page.get_by_role("button", name="Add and test the connection").click()
    page.get_by_text("Answers").first.wait_for()


def add_the_credential(page, registry):
    page.get_by_role("link", name="Add a credential").first.click()
    page.locator("[name=username]").fill(registry.username)
    page.locator("[name=secret]").fill("not the password")
    page.get_by_role("button", name="Log in and save").click()
    page.locator("#credential-form .errorlist").first.wait_for()
    assert Credential.objects.count() == 0
    page.locator("[name=secret]").fill(registry.password)
    page.get_by_role("button", name="Log in and save").click()
    page.get_by_text("Login succeeded").first.wait_for()


def pull(page, live_server, reference):
    page.goto(live_server.url + reverse("transfers:pull"))
    page.get_by_label("Image", exact=True).press_sequentially(reference)
    page.locator(".analysis, [class*=analysis]").get_by_text("namespace").first.wait_for()
    page.get_by_role("button", name="Pull", exact=True).click()
    page.get_by_text("The image is here").wait_for(timeout=60_000)


def publish(page, live_server, source, registry, repository):
    page.goto(live_server.url + reverse("transfers:publish", query={"source": source}))
    namespace, _, name = repository.partition("/")
    page.locator("[name=registry]").fill(registry.host)
    page.locator("[name=namespace]").fill(namespace)
    page.locator("[name=name]").fill(name)
    page.locator("[name=tag]").fill("prod-2026")
    page.get_by_text(registry.username).first.wait_for()
    page.get_by_role("button", name="Publish").click()
    page.locator('#transfer[data-state="succeeded"]').wait_for(timeout=60_000)


def test_from_the_setup_link_to_an_image_that_docker_pulls(
    live_server,
    page,
    browser_errors,
    manage,
    registry,
    htpasswd_registry,
    add_registry,  # noqa: F811
    image_factory,
    docker_engine,
    skopeo,
):
    image = image_factory(registry, "base/app", "1.4.2-alpine", media="docker")
    repository = htpasswd_registry.new_repository("my-company")
    manage.start_worker()

    set_up(page, live_server)
    team = Team.objects.get()
    add_registry(team, registry)
    add_the_registry(page, live_server, htpasswd_registry)
    add_the_credential(page, htpasswd_registry)
    pull(page, live_server, image.reference)
    publish(page, live_server, image.reference, htpasswd_registry, repository)

    assert image.digest in page.content()
    assert page.get_by_text(f"Login succeeded as {htpasswd_registry.username}").is_visible()
    page.goto(live_server.url + reverse("images:list"))
    assert page.locator("tbody tr", has_text=image.repository).count() == 1
    page.goto(live_server.url + reverse("transfers:list"))
    assert page.get_by_text("Succeeded").count() >= 2
    assert User.objects.get().is_superuser
    # The built-in registry has the sample image.
    pulled = LocalImage.objects.exclude(registry=builtin_registry_host())
    assert set(pulled.values_list("image_id", flat=True)) == {image.config}
    assert set(Transfer.objects.values_list("state", flat=True)) == {State.SUCCEEDED}
    assert htpasswd_registry.password not in page.content()
    # 422 is the answer to the wrong password.
    assert [error for error in browser_errors if "422" not in error] == []
    check_with_other_clients(docker_engine, skopeo, htpasswd_registry, repository, image)


def check_with_other_clients(docker_engine, skopeo, registry, repository, image):
    """Pull with independent clients, which find the same digest and image id."""
    assert skopeo.inspect(registry, repository, "prod-2026")["Digest"] == image.digest
    docker_engine.login(registry)
    pulled = docker_engine.docker("pull", f"{registry.host}/{repository}:prod-2026").stdout
    assert f"Digest: {image.digest}" in pulled
    assert docker_engine.image_id(f"{registry.host}/{repository}:prod-2026") == image.config
