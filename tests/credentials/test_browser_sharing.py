"""Browser test of a shared credential, with an invitation, a real worker and registry."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from registry_ui.accounts.models import Membership, Role, User
from registry_ui.credentials.models import Credential
from tests.conftest import PASSWORD
from transfers.models import State, Transfer

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def credential(make_registry, make_credential, token_registry) -> Credential:
    return make_credential(
        make_registry(token_registry, name="Ours"),
        token_registry.username,
        token_registry.password,
        label="Robot",
    )


@pytest.fixture
def dora(live_server, page, sign_in, charlie, other_team) -> User:
    """Invite Dora to Charlie's team as an operator, and let her create an account."""
    sign_in(charlie)
    page.goto(live_server.url + reverse("accounts:team_invite"))
    page.get_by_role("radio", name="Operator").check()
    page.get_by_role("button", name="Make the link").click()
    link = page.locator("#link").inner_text()
    page.context.clear_cookies()
    page.goto(link)
    page.get_by_label("Username").fill("dora")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Password, again").fill(PASSWORD)
    page.get_by_role("button", name="Make an account and join").click()
    page.get_by_text("Welcome to the team Lighthouse.").wait_for()
    membership = Membership.objects.get(team=other_team, user__username="dora")
    assert membership.role == Role.OPERATOR
    return membership.user


def share(page, team: str, repositories: str) -> None:
    """Share a credential on its page."""
    page.get_by_role("link", name="Share", exact=True).click()
    page.get_by_label("Team", exact=True).select_option(team)
    page.get_by_label("Repositories").fill(repositories)
    page.get_by_role("button", name="Share").click()
    page.locator(".toast", has_text=f"is shared with {team}").wait_for()


def take_back(page, team: str) -> None:
    page.get_by_role("link", name=f"Take it back from {team}").click()
    page.get_by_role("button", name="Take it back").click()
    page.locator(".toast", has_text=f"is taken back from {team}").wait_for()


def pull_with(page, words: str) -> None:
    """Pull an image, after the form shows the login."""
    page.get_by_text(words).wait_for()
    page.get_by_role("button", name="Pull", exact=True).click()


def test_an_invited_user_uses_a_shared_credential_until_it_is_revoked(
    live_server, page, sign_in, alice, dora, credential, token_registry, image_factory, manage
) -> None:
    image = image_factory(token_registry, "team/app")
    manage.start_worker()
    everything = []

    def go(path: str) -> None:
        page.goto(f"{live_server.url}{path}")
        everything.append(page.content())

    def pull() -> None:
        go(reverse("transfers:pull"))
        page.get_by_label("Image", exact=True).fill(image.reference)

    # Alice shares it with the other team.
    sign_in(alice)
    go(reverse("registries:credential", args=[credential.pk]))
    share(page, "Lighthouse", "team/*")

    # Dora of that team pulls with it, without a registry or login of her own, and cannot see its
    # secret.
    sign_in(dora)
    pull()
    pull_with(page, "Robot of team Harbour")
    page.get_by_text("The image is here").wait_for(timeout=60_000)
    everything.append(page.content())
    page.get_by_text("Details", exact=True).click()
    expect(page.locator("#facts")).to_contain_text("of the team Harbour")
    go(reverse("registries:team_credentials"))
    page.get_by_role("link", name="Robot", exact=True).click()
    page.get_by_text("You use it without ever seeing its secret").wait_for()
    everything.append(page.content())
    assert page.get_by_role("link", name="Edit").count() == 0
    assert (
        page.goto(
            f"{live_server.url}{reverse('registries:credential_edit', args=[credential.pk])}"
        ).status
        == 404
    )

    # Alice sees who used it for what, and takes it back.
    sign_in(alice)
    go(reverse("registries:credential", args=[credential.pk]))
    expect(page.get_by_role("row").filter(has_text="dora")).to_contain_text("Lighthouse")
    take_back(page, "Lighthouse")

    # The next pull is refused, and says why.
    sign_in(dora)
    pull()
    pull_with(page, "The team Harbour took the credential “Robot” back on")
    cause = page.locator(".transfer-failure .cause")
    expect(cause).to_contain_text(
        "The team Harbour took the credential “Robot” back on", timeout=60_000
    )
    everything.append(page.content())

    assert [row.state for row in Transfer.objects.order_by("created_at")] == [
        State.SUCCEEDED,
        State.FAILED,
    ]
    assert not [
        content
        for content in everything
        if token_registry.password in content or credential.secret_ciphertext in content
    ]
