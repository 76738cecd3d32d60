import re
from datetime import timedelta

import pytest
from django.contrib.messages import get_messages
from django.urls import reverse
from django.utils import timezone

from registry_ui.accounts.models import Action, AuditEvent, Membership
from registry_ui.credentials.models import Credential, CredentialGrant
from registry_ui.credentials.services import share_credential
from tests.parts.error_texts import stored_error
from tests.parts.registry_rows import CANARY
from tests.parts.teams import add_team

FREE = {"can_push": False, "repository_pattern": "", "expires_at": None}
TEAM_PAGE = "registries:team_credentials"


def url(view: str, row) -> str:
    return reverse(f"registries:{view}", args=[row.pk])


@pytest.fixture
def credential(htpasswd_row, htpasswd_registry, make_credential) -> Credential:
    return make_credential(
        htpasswd_row, htpasswd_registry.username, htpasswd_registry.password, label="Robot"
    )


@pytest.fixture
def grant(credential, other_team, alice) -> CredentialGrant:
    return share_credential(credential=credential, team=other_team, user=alice, terms=FREE)


def messages_of(response) -> str:
    return " ".join(str(message) for message in get_messages(response.wsgi_request))


# --- sharing


def test_an_admin_shares_with_a_team_by_its_name_on_terms(
    client_for, alice, credential, other_team
) -> None:
    until = (timezone.now() + timedelta(days=9)).strftime("%Y-%m-%dT%H:%M")
    data = {
        "team": other_team.pk,
        "can_push": "on",
        "repository_pattern": "shop/",
        "expires_at": until,
    }
    answer = client_for(alice).post(url("grant_add", credential), data)
    assert answer.url == url("credential", credential)
    assert "shared with Lighthouse" in messages_of(answer)
    grant = CredentialGrant.objects.get()
    assert (grant.team, grant.can_push, grant.repository_pattern, grant.created_by) == (
        other_team,
        True,
        "shop/*",
        alice,
    )
    assert grant.expires_at.strftime("%Y-%m-%dT%H:%M") == until
    page = client_for(alice).get(url("credential", credential)).content.decode()
    assert "Lighthouse" in page
    assert "shop/*" in page


def test_the_names_of_the_other_teams_are_all_that_the_form_tells(
    client_for, alice, credential, other_team, charlie, make_registry
) -> None:
    make_registry(name="Foreign registry", team=other_team, host="foreign.example.com")
    page = client_for(alice).get(url("grant_add", credential)).content.decode()
    (select,) = re.findall(r"<select name=\"team\".*?</select>", page, re.DOTALL)
    assert re.findall(r"<option[^>]*>([^<]*)", select) == ["Choose a team", "Lighthouse"]
    assert "foreign" not in page.lower()
    assert "charlie" not in page


def test_no_share_is_wider_than_the_credential(client_for, alice, credential, other_team) -> None:
    Credential.objects.filter(pk=credential.pk).update(can_push=False, repository_pattern="shop/*")
    client = client_for(alice)
    outside = client.post(
        url("grant_add", credential), {"team": other_team.pk, "repository_pattern": "other/*"}
    )
    assert outside.status_code == 422
    assert "for nothing at all" in outside.content.decode()
    assert "May push" not in outside.content.decode()
    client.post(
        url("grant_add", credential),
        {"team": other_team.pk, "can_push": "on", "repository_pattern": "shop/app"},
    )
    assert CredentialGrant.objects.get().can_push is False


def test_a_moment_that_has_passed_is_refused(client_for, alice, credential, other_team) -> None:
    answer = client_for(alice).post(
        url("grant_add", credential), {"team": other_team.pk, "expires_at": "2020-01-01T00:00"}
    )
    assert answer.status_code == 422
    assert "has passed" in answer.content.decode()
    assert not CredentialGrant.objects.exists()


def test_a_team_gets_it_once_and_the_owner_never(
    client_for, alice, credential, grant, team, other_team
) -> None:
    for receiver in (other_team, team):
        assert (
            client_for(alice).post(url("grant_add", credential), {"team": receiver.pk}).status_code
            == 422
        )
    assert CredentialGrant.objects.count() == 1


def test_forged_fields_change_nothing(
    client_for, alice, credential, other_team, make_registry, make_credential
) -> None:
    foreign = make_credential(make_registry(team=other_team, host="foreign.example.com"))
    add_team("Third", "third")
    data = {
        "team": other_team.pk,
        "credential": foreign.pk,
        "created_by": 1,
        "used_at": "2020-01-01",
        "revoked_at": "2020-01-01",
    }
    client_for(alice).post(url("grant_add", credential), data)
    grant = CredentialGrant.objects.get()
    assert (grant.credential, grant.created_by, grant.used_at, grant.revoked_at) == (
        credential,
        alice,
        None,
        None,
    )


def test_a_changed_share_is_in_the_audit_log_of_both_teams(
    client_for, alice, credential, grant, team, other_team
) -> None:
    answer = client_for(alice).post(
        url("grant_edit", grant),
        {"can_push": "on", "repository_pattern": "shop/*", "team": team.pk},
    )
    assert answer.url == url("credential", credential)
    grant.refresh_from_db()
    assert (grant.team, grant.can_push, grant.repository_pattern) == (other_team, True, "shop/*")
    events = AuditEvent.objects.filter(action=Action.GRANT_CHANGED)
    assert {event.team_key for event in events} == {team.pk, other_team.pk}
    assert {(event.details["was"], event.details["terms"]) for event in events} == {
        ("pull", "pull, push of shop/*")
    }


# --- taking back


def test_taking_back_asks_first_and_then_ends_it(
    client_for, alice, credential, grant, other_team
) -> None:
    client = client_for(alice)
    page = client.get(url("grant_revoke", grant)).content.decode()
    assert "Nothing of theirs waits" in page
    assert CredentialGrant.objects.in_force().exists()
    answer = client.post(url("grant_revoke", grant))
    assert answer.url == url("credential", credential)
    assert "taken back from Lighthouse" in messages_of(answer)
    assert not CredentialGrant.objects.in_force().exists()
    assert AuditEvent.objects.filter(action=Action.GRANT_REVOKED).count() == 2
    assert client.post(url("grant_revoke", grant)).status_code == 404


def test_after_taking_back_it_can_be_shared_again(
    client_for, alice, credential, grant, other_team
) -> None:
    client = client_for(alice)
    client.post(url("grant_revoke", grant))
    assert client.post(url("grant_add", credential), {"team": other_team.pk}).status_code == 302
    assert CredentialGrant.objects.in_force().count() == 1


# --- who sees and may what


def test_the_other_team_sees_its_rights_and_no_controls(
    client_for, charlie, credential, grant, team
) -> None:
    Credential.objects.filter(pk=credential.pk).update(
        used_by="alice", used_for="internal/app", verify_error=stored_error("internal words")
    )
    client = client_for(charlie)
    page = client.get(url("credential", credential)).content.decode()
    for word in ("Robot", credential.registry.host, "Harbour", credential.username, "Plain HTTP"):
        assert word in page
    for word in (
        "alice",
        "internal/app",
        "internal words",
        "/edit/",
        "/rotate/",
        "/revoke/",
        "/share/",
        str(credential.registry_id),
    ):
        assert word not in page
    assert "Robot" in client.get(reverse(TEAM_PAGE)).content.decode()


@pytest.mark.parametrize(
    "view", ["credential_edit", "credential_remove", "credential_rotate", "grant_add"]
)
def test_the_team_that_has_it_may_change_nothing_of_the_credential(
    client_for, charlie, credential, grant, view
) -> None:
    client = client_for(charlie)
    assert client.get(url(view, credential)).status_code == 404
    assert client.post(url(view, credential), {"team": 1, "secret": CANARY}).status_code == 404


@pytest.mark.parametrize("view", ["grant_edit", "grant_revoke"])
def test_the_team_that_has_it_may_not_change_the_share(client_for, charlie, grant, view) -> None:
    client = client_for(charlie)
    assert client.get(url(view, grant)).status_code == 404
    assert client.post(url(view, grant), {"can_push": "on"}).status_code == 404
    grant.refresh_from_db()
    assert (grant.can_push, grant.revoked_at) == (False, None)


def test_a_third_team_sees_nothing(client_for, charlie, credential, grant) -> None:
    third = add_team("Third", "third")
    Membership.objects.filter(user=charlie).update(team=third)
    client = client_for(charlie)
    assert client.get(url("credential", credential)).status_code == 404
    assert credential.registry.host not in client.get(reverse(TEAM_PAGE)).content.decode()
    assert client.get(url("grant_edit", grant)).status_code == 404


def test_the_other_team_does_not_see_a_revoked_credential(
    client_for, alice, charlie, credential, grant
) -> None:
    client_for(alice).post(url("grant_revoke", grant))
    client = client_for(charlie)
    assert client.get(url("credential", credential)).status_code == 404
    assert credential.registry.host not in client.get(reverse(TEAM_PAGE)).content.decode()


def test_operators_and_readers_of_the_owner_see_it_and_may_not_change_it(
    client_for, bob, victor, credential, grant, other_team
) -> None:
    for person in (bob, victor):
        client = client_for(person)
        page = client.get(url("credential", credential)).content.decode()
        assert "Lighthouse" in page
        assert "/revoke/" not in page
        for view, row in (
            ("grant_add", credential),
            ("credential_rotate", credential),
            ("grant_edit", grant),
            ("grant_revoke", grant),
        ):
            assert client.get(url(view, row)).status_code == 403
            assert client.post(url(view, row), {"team": other_team.pk}).status_code == 403


def test_other_methods_are_refused(client_for, alice, credential, grant) -> None:
    client = client_for(alice)
    assert client.post(url("credential", credential)).status_code == 405
    assert client.post(reverse(TEAM_PAGE)).status_code == 405
    assert client.put(url("credential_rotate", credential)).status_code == 405
    assert client.delete(url("grant_revoke", grant)).status_code == 405


@pytest.mark.parametrize("view", ["credential_rotate", "grant_add", "grant_edit", "grant_revoke"])
def test_an_old_sign_in_has_to_be_proved_again(client_for, alice, credential, grant, view) -> None:
    client = client_for(alice)
    session = client.session
    session["signed_in_at"] = 0
    session["account_authentication_methods"] = []
    session.save()
    row = grant if view.startswith("grant_") and view != "grant_add" else credential
    assert reverse("account_reauthenticate") in client.get(url(view, row)).url
    assert reverse("account_reauthenticate") in client.post(url(view, row), {"secret": CANARY}).url
    assert CredentialGrant.objects.in_force().count() == 1


def test_the_team_page_shows_own_and_shared_with_their_state(
    client_for, alice, charlie, credential, grant
) -> None:
    Credential.objects.filter(pk=credential.pk).update(
        expires_at=timezone.now() + timedelta(days=2)
    )
    own = client_for(alice).get(reverse(TEAM_PAGE)).content.decode()
    assert "Expires soon" in own
    assert "1 team" in own
    assert "No team shares a credential" in own
    page = client_for(charlie).get(reverse(TEAM_PAGE)).content.decode()
    assert "Expires soon" in page
    assert "no credential of its own" in page


# --- a new secret


def test_a_new_secret_that_works_replaces_the_old_one(
    client_for, alice, credential, htpasswd_registry, team
) -> None:
    Credential.objects.filter(pk=credential.pk).update(
        verify_error=stored_error("refused"),
        expires_at=timezone.now() - timedelta(days=1),
        secret_ciphertext="broken",
    )
    answer = client_for(alice).post(
        url("credential_rotate", credential),
        {"host": credential.registry.host, "secret": htpasswd_registry.password},
    )
    assert answer.url == url("credential", credential)
    assert "Login succeeded" in messages_of(answer)
    stored = Credential.objects.get()
    assert (stored.secret.reveal(), stored.state, stored.expires_at, stored.label) == (
        htpasswd_registry.password,
        "verified",
        None,
        "Robot",
    )
    event = AuditEvent.objects.get(action=Action.CREDENTIAL_ROTATED)
    assert (event.team_key, event.actor_name, event.details) == (team.pk, "alice", {"tested": True})


def test_a_refused_one_leaves_the_old_one_and_says_why(
    client_for, alice, credential, htpasswd_registry, htmx
) -> None:
    data = {"host": credential.registry.host, "secret": CANARY, "save_anyway": "1"}
    for headers in ({}, htmx):
        answer = client_for(alice).post(url("credential_rotate", credential), data, headers=headers)
        page = answer.content.decode()
        assert answer.status_code == 422
        assert "refused the login" in page
        assert "save_anyway" not in page
        assert CANARY not in page
    stored = Credential.objects.get()
    assert (stored.secret.reveal(), stored.verify_error) == (htpasswd_registry.password, None)


def test_while_the_registry_does_not_answer_it_is_kept_only_when_that_is_said(
    client_for, alice, make_registry, make_credential
) -> None:
    credential = make_credential(
        make_registry(host="127.0.0.1:1", security="plain_http"), secret="old"
    )
    data = {"host": credential.registry.host, "secret": CANARY}
    client = client_for(alice)
    answer = client.post(url("credential_rotate", credential), data)
    assert answer.status_code == 422
    assert "the present one stays" in answer.content.decode()
    assert Credential.objects.get().secret.reveal() == "old"
    assert "not tested yet" in messages_of(
        client.post(url("credential_rotate", credential), {**data, "save_anyway": "1"})
    )
    assert Credential.objects.get().secret.reveal() == CANARY


def test_htmx_gets_the_form_alone_or_leaves_for_the_credential(
    client_for, alice, credential, htpasswd_registry, htmx
) -> None:
    data = {"host": credential.registry.host, "secret": "wrong"}
    client = client_for(alice)
    assert (
        client.post(url("credential_rotate", credential), data, headers=htmx)
        .content.decode()
        .strip()
        .startswith("<form")
    )
    right = client.post(
        url("credential_rotate", credential),
        {**data, "secret": htpasswd_registry.password},
        headers=htmx,
    )
    assert right.headers["HX-Redirect"] == url("credential", credential)


def test_a_secret_typed_for_another_host_is_not_saved(
    client_for, alice, make_registry, make_credential, token_registry
) -> None:
    credential = make_credential(make_registry(token_registry), secret="old")
    answer = client_for(alice).post(
        url("credential_rotate", credential), {"host": "old.example.com", "secret": CANARY}
    )
    assert answer.status_code == 422
    assert token_registry.token_server.requests == []
    assert Credential.objects.get().secret.reveal() == "old"


# --- removing


def test_removing_says_which_teams_lose_it(client_for, alice, credential, grant) -> None:
    assert (
        "Lighthouse" in client_for(alice).get(url("credential_remove", credential)).content.decode()
    )
    assert (
        "shared with Lighthouse"
        in client_for(alice).get(url("remove", credential.registry)).content.decode()
    )


# --- warnings


def test_before_a_share_ends_both_teams_are_warned(
    client_for, alice, charlie, credential, grant
) -> None:
    for person in (alice, charlie):
        assert "Robot" not in client_for(person).get(reverse("web:overview")).content.decode()
    CredentialGrant.objects.filter(pk=grant.pk).update(
        expires_at=timezone.now() + timedelta(days=2)
    )
    owner = client_for(alice).get(reverse("web:overview")).content.decode()
    assert "Ends soon" in owner
    assert url("grant_edit", grant) in owner
    other = client_for(charlie).get(reverse("web:overview")).content.decode()
    assert "ask an admin of the team Harbour" in other
    assert url("credential", credential) in other
    assert "/edit/" not in other


def test_before_a_shared_secret_expires_the_other_team_is_warned_too(
    client_for, charlie, credential, grant
) -> None:
    Credential.objects.filter(pk=credential.pk).update(
        expires_at=timezone.now() + timedelta(days=2)
    )
    page = client_for(charlie).get(reverse("web:overview")).content.decode()
    assert "Expires soon" in page
    assert "ask an admin of the team Harbour" in page


# --- the secret


def test_the_secret_is_on_no_page_of_either_team(
    client_for, alice, charlie, htpasswd_row, make_credential, other_team
) -> None:
    credential = make_credential(htpasswd_row, "canary", CANARY, label="Canary")
    grant = share_credential(
        credential=credential, team=other_team, user=alice, terms={**FREE, "can_push": True}
    )
    pages = []
    for person in (alice, charlie):
        client = client_for(person)
        addresses = [
            url(view, credential)
            for view in (
                "credential",
                "credential_rotate",
                "credential_edit",
                "credential_remove",
                "grant_add",
            )
        ]
        addresses += [
            url("grant_edit", grant),
            url("grant_revoke", grant),
            reverse(TEAM_PAGE),
            reverse("web:overview"),
        ]
        addresses += [
            f"{reverse('transfers:pull')}?reference={htpasswd_row.host}/a:1",
            reverse("accounts:api_me"),
        ]
        pages += [client.get(address).content.decode() for address in addresses]
    assert any("Canary" in page for page in pages)
    for text in [*pages, *(str(vars(event)) for event in AuditEvent.objects.all())]:
        assert CANARY not in text
        assert credential.secret_ciphertext not in text
