import re
from datetime import timedelta
from smtplib import SMTPServerDisconnected

import pytest
from django.core import mail
from django.urls import reverse

from registry_ui.accounts import mail as account_mail
from registry_ui.accounts import services
from registry_ui.accounts.models import Invitation, Membership, Role, Team, User
from registry_ui.accounts.sign_in.confirmation import OPENING_SECONDS, SENDING_SECONDS, SESSION_KEY
from registry_ui.web.errors import describe
from transfers.models import Kind, State, Transfer

pytestmark = pytest.mark.django_db


def person_url(person, act=""):
    return reverse(f"accounts:administration_person{act}", args=[person.pk])


@pytest.fixture
def client(client_for, ingrid):
    return client_for(ingrid)


def test_changing_a_role_returns_to_the_page_of_the_person(client, team, alice, bob):
    membership = Membership.objects.get(user=bob)
    url = reverse("accounts:team_member_role", args=[membership.pk])
    assert f"{url}?next={person_url(bob)}" in client.get(person_url(bob)).text
    assert client.post(url, {"role": "viewer", "next": person_url(bob)}).url == person_url(bob)


TEAM = reverse("accounts:team")


WEEK = timedelta(days=7)


PAYLOAD = "<img src=x onerror=alert(1)>\"'{{7*7}}"


def member_url(act, user, team):
    return reverse(
        f"accounts:team_member_{act}", args=[Membership.objects.get(user=user, team=team).pk]
    )


def old_session(client, seconds):
    session = client.session
    session[SESSION_KEY] -= seconds
    session.save()


@pytest.fixture
def work(team, bob):
    """Bob's active transfers; only an admin may do the deletion."""
    rows = [
        (Kind.PULL, State.QUEUED),
        (Kind.PUSH, State.RUNNING),
        (Kind.DELETE, State.QUEUED),
        (Kind.PULL, State.SUCCEEDED),
    ]
    name = "registry.example.com/app:1"
    return [
        Transfer.objects.create(
            team=team,
            user=bob,
            requested_by="bob",
            kind=kind,
            state=state,
            source=name,
            target=name,
        )
        for kind, state in rows
    ]


def test_every_member_sees_the_members(client_for, team, alice, bob, victor):
    page = client_for(victor).get(TEAM).text
    for name in ("alice", "bob", "victor", "Operator"):
        assert name in page
    assert "bob@example.com" not in page
    assert reverse("accounts:team_invite") not in page
    assert member_url("remove", victor, team) in page
    assert member_url("remove", bob, team) not in page


def test_an_admin_sees_addresses_invitations_and_actions(client_for, team, alice, bob):
    services.invite(team=team, role=Role.VIEWER, email="dora@example.com", lifetime=WEEK, by=alice)
    page = client_for(alice).get(TEAM).text
    for text in (
        "bob@example.com",
        "dora@example.com",
        reverse("accounts:team_invite"),
        member_url("role", bob, team),
    ):
        assert text in page


def test_only_admins_see_invitations(client_for, team, alice, bob):
    services.invite(team=team, role=Role.VIEWER, email="dora@example.com", lifetime=WEEK, by=alice)
    assert "dora@example.com" not in client_for(bob).get(TEAM).text


def test_a_person_without_a_team_gets_advice_on_every_page(client_for, team):
    client = client_for(User.objects.create_user("emil"))
    for name in (
        "accounts:team",
        "web:overview",
        "registries:list",
        "images:list",
        "transfers:list",
    ):
        assert "You are in no team yet" in client.get(reverse(name)).text, name


def test_markup_in_names_is_escaped(client_for, team, alice):
    """HARDENING 35"""
    Team.objects.update(name=PAYLOAD)
    alice.first_name = PAYLOAD
    alice.save()
    User.objects.filter(pk=alice.pk).update(username=PAYLOAD)
    _invitation, token = services.invite(
        team=team, role=Role.VIEWER, email="", lifetime=WEEK, by=User.objects.get()
    )
    Invitation.objects.update(email=PAYLOAD)
    client = client_for(User.objects.get())
    pages = [
        TEAM,
        reverse("accounts:team_edit"),
        reverse("accounts:team_invite"),
        member_url("role", alice, team),
    ]
    pages += [member_url("remove", alice, team), reverse("accounts:join", args=[token])]
    for path in pages:
        text = client.get(path).text
        assert "<img" not in text, path
        assert "49" not in re.findall(r"onerror=alert\(1\)&gt;.{0,40}", text), path
        assert "&lt;img" in text, path
    assert (
        "<img"
        not in client.post(reverse("account_logout"), follow=True)
        .client.get(reverse("accounts:join", args=[token]))
        .text
    )


def test_an_admin_changes_a_role(client_for, team, alice, victor):
    client, url = client_for(alice), member_url("role", victor, team)
    assert "checked" in client.get(url).text
    assert client.post(url, {"role": "operator"}).url == TEAM
    assert victor.role_in(team) == Role.OPERATOR


@pytest.mark.parametrize("role", ["", "owner", "superuser"])
def test_an_unknown_role_is_refused(client_for, team, alice, victor, role):
    assert (
        client_for(alice).post(member_url("role", victor, team), {"role": role}).status_code == 422
    )
    assert victor.role_in(team) == Role.VIEWER


def test_demoting_the_last_admin_is_refused_with_a_reason(client_for, team, alice):
    response = client_for(alice).post(member_url("role", alice, team), {"role": "viewer"})
    assert response.status_code == 422
    assert "last admin of the team" in response.text


def test_members_do_not_promote_themselves(client_for, team, alice, bob, victor):
    """HARDENING 29"""
    for person in (bob, victor):
        role = person.role_in(team)
        assert (
            client_for(person).post(member_url("role", person, team), {"role": "admin"}).status_code
            == 403
        )
        assert person.role_in(team) == role


def test_additional_fields_are_ignored(client_for, team, other_team, alice, bob, victor, charlie):
    """HARDENING 27"""
    forged = {
        "team": other_team.pk,
        "user": charlie.pk,
        "is_superuser": "on",
        "is_staff": "on",
        "is_from_sso": "on",
        "pk": 1,
    }
    client = client_for(alice)
    client.post(member_url("role", victor, team), {"role": "operator", **forged})
    client.post(reverse("accounts:team_edit"), {"name": "Pier", "slug": "stolen", **forged})
    client.post(
        reverse("accounts:team_invite"),
        {"role": "viewer", "days": "7", "created_by": charlie.pk, **forged},
    )
    client.post(member_url("remove", bob, team), {"role": "admin", **forged})

    assert not User.objects.filter(is_superuser=True).exists()
    assert not User.objects.filter(is_staff=True).exists()
    assert Membership.objects.filter(team=other_team).get().user == charlie
    assert not Membership.objects.filter(is_from_sso=True).exists()
    assert Team.objects.get(pk=team.pk).slug == "harbour"
    assert Invitation.objects.values_list("team", "created_by", "role").get() == (
        team.pk,
        alice.pk,
        "viewer",
    )


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)"]
)
def test_the_return_url_stays_on_this_site(client_for, team, alice, victor, target):
    client, url = client_for(alice), member_url("role", victor, team)
    assert "evil" not in client.get(f"{url}?next={target}").text.partition("<form")[2].partition(
        "</form>"
    )[0].replace("%2F", "/")
    assert client.post(url, {"role": "operator", "next": target}).url == TEAM


def test_the_page_lists_active_jobs(client_for, team, alice, bob, work):
    page = client_for(alice).get(member_url("remove", bob, team)).text
    assert page.count("registry.example.com/app:1") == 3
    assert "I take it over" in page


def test_jobs_of_a_removed_member_are_cancelled(client_for, team, alice, bob, work):
    """HARDENING 30"""
    response = client_for(alice).post(
        member_url("remove", bob, team), {"active_jobs": "end"}, follow=True
    )

    assert "bob is removed from the team Harbour. 3 jobs of theirs were ended." in response.text
    for row in work:
        row.refresh_from_db()
    assert [row.state for row in work] == ["cancelled", "running", "cancelled", "succeeded"]
    assert work[1].cancel_requested_at is not None
    assert describe(work[0].error).sentence == "bob may no longer do this in the team Harbour."


def test_an_admin_takes_jobs_over(client_for, team, alice, bob, work):
    client_for(alice).post(member_url("remove", bob, team), {"active_jobs": "myself"})
    rows = Transfer.objects.active()
    assert {(row.user, row.requested_by) for row in rows} == {(alice, "alice")}
    assert rows.count() == 3


def test_jobs_that_the_successor_may_not_do_are_cancelled(client_for, team, alice, bob, work):
    gina = User.objects.create_user("gina")
    Membership.objects.create(team=team, user=gina, role=Role.OPERATOR)

    response = client_for(alice).post(
        member_url("remove", bob, team), {"active_jobs": str(gina.pk)}, follow=True
    )

    assert "1 job of theirs was ended. 2 jobs were handed over." in response.text
    assert sorted(Transfer.objects.active().values_list("kind", "requested_by")) == [
        ("pull", "gina"),
        ("push", "gina"),
    ]
    assert Transfer.objects.get(kind=Kind.DELETE).state == State.CANCELLED


@pytest.mark.parametrize("choice", ["", "nobody", "charlie", "victor", "bob"])
def test_only_possible_successors_can_be_chosen(
    request, client_for, team, alice, bob, victor, charlie, work, choice
):
    value = (
        str(request.getfixturevalue(choice).pk)
        if choice in ("charlie", "victor", "bob")
        else choice
    )
    assert (
        client_for(alice).post(member_url("remove", bob, team), {"active_jobs": value}).status_code
        == 422
    )
    assert bob.role_in(team) == Role.OPERATOR


def test_jobs_of_a_leaving_member_are_cancelled(client_for, team, alice, bob, work):
    client, url = client_for(bob), member_url("remove", bob, team)
    assert "Leave Harbour?" in client.get(url).text
    client.post(url, {"active_jobs": "myself"})
    assert bob.role_in(team) is None
    assert not Transfer.objects.filter(state=State.QUEUED).exists()


def test_the_last_admin_cannot_leave(client_for, team, alice):
    client, url = client_for(alice), member_url("remove", alice, team)
    assert "Leave the team" not in client.get(url).text
    assert client.post(url).status_code == 422
    assert alice.role_in(team) == Role.ADMIN


def test_a_removed_member_no_longer_sees_the_team(client_for, team, alice, bob):
    """HARDENING 30"""
    his, url = client_for(bob), member_url("role", bob, team)
    assert "Harbour" in his.get(TEAM).text
    client_for(alice).post(member_url("remove", bob, team))
    assert "Harbour" not in his.get(TEAM).text
    assert his.get(url).status_code == 404


@pytest.fixture
def invite(client_for, alice):
    def send(**values):
        return client_for(alice).post(
            reverse("accounts:team_invite"),
            {"role": "operator", "days": "3", "email": "", **values},
        )

    return send


def test_the_link_is_shown_once(client_for, invite, alice):
    page = invite(email="dora@example.com").text
    link = re.search(r"http://testserver(/join/[^/]+/)", page)[1]
    assert f'data-copy="http://testserver{link}"' in page
    token = link.split("/")[2]
    assert token not in client_for(alice).get(TEAM).text
    assert services.open_invitation(token).email == "dora@example.com"


@pytest.mark.parametrize(
    "values", [{"days": "365"}, {"days": "x"}, {"role": "owner"}, {"email": "no address"}]
)
def test_an_invalid_invitation_is_explained_in_the_form(invite, values):
    assert invite(**values).status_code == 422
    assert not Invitation.objects.exists()


def test_no_mail_is_sent_without_configuration(invite):
    page = invite(email="dora@example.com").text
    assert mail.outbox == []
    assert "sent" not in page.partition("<main")[2]


def test_the_link_is_sent_by_mail(settings, invite):
    settings.EMAIL_CONFIGURED = True
    page = invite(email="dora@example.com").text
    assert "The link was sent to dora@example.com." in page
    [message] = mail.outbox
    assert message.to == ["dora@example.com"]
    link = re.search(r"http://testserver/join/[^/\s]+/", message.body)[0]
    assert link in page
    assert "alice invites you to the team Harbour" in message.body


def test_a_team_name_adds_no_header_to_the_mail(settings, invite, team):
    settings.EMAIL_CONFIGURED = True
    Team.objects.update(name="Pier\r\nBcc: eve@example.com")
    invite(email="dora@example.com")
    assert mail.outbox[0].subject == "Join Pier Bcc: eve@example.com on Registry UI"
    assert mail.outbox[0].recipients() == ["dora@example.com"]


@pytest.mark.parametrize(
    "fault", [ConnectionRefusedError("127.0.0.1"), SMTPServerDisconnected("hunter2")]
)
def test_a_failed_mail_is_reported_and_the_link_works(settings, monkeypatch, caplog, invite, fault):
    settings.EMAIL_CONFIGURED = True

    def fail(self):
        raise fault

    monkeypatch.setattr(account_mail.EmailMessage, "send", fail)
    page = invite(email="dora@example.com").text
    assert "did not take the message" in page
    assert services.open_invitation(re.search(r"/join/([^/]+)/", page)[1]) is not None
    assert "hunter2" not in page + caplog.text


def test_a_revoked_invitation_is_gone_from_the_page(client_for, invite, alice):
    invite(email="dora@example.com")
    url = reverse("accounts:team_invitation_revoke", args=[Invitation.objects.get().pk])
    client = client_for(alice)
    assert url in client.get(TEAM).text
    assert client.post(url).url == TEAM
    assert url not in client.get(TEAM).text


def test_an_admin_renames_the_team(client_for, team, alice):
    assert client_for(alice).post(reverse("accounts:team_edit"), {"name": "Pier"}).url == TEAM
    assert Team.objects.get().name == "Pier"


@pytest.mark.parametrize("name", ["", " ", "LIGHTHOUSE", "x" * 101])
def test_an_invalid_name_is_explained_in_the_form(client_for, team, other_team, alice, name):
    assert client_for(alice).post(reverse("accounts:team_edit"), {"name": name}).status_code == 422
    assert Team.objects.get(pk=team.pk).name == "Harbour"


def test_changing_members_needs_a_recent_sign_in(client_for, team, alice, bob, invite):
    invite()
    revoke = reverse("accounts:team_invitation_revoke", args=[Invitation.objects.get().pk])
    asked = reverse("account_reauthenticate")
    client = client_for(alice)
    old_session(client, OPENING_SECONDS + 1)
    pages = [
        reverse("accounts:team_invite"),
        reverse("accounts:team_edit"),
        member_url("role", bob, team),
        member_url("remove", bob, team),
    ]
    for url in pages:
        assert client.get(url).url.startswith(asked), url
    assert client.get(TEAM).status_code == 200
    old_session(client, SENDING_SECONDS)
    for url in [*pages, revoke]:
        assert client.post(url, {"role": "admin", "days": "7", "name": "Pier"}).url.startswith(
            asked
        ), url
    assert client.post(revoke).url == f"{asked}?next=%2Fteam%2F"
    assert (bob.role_in(team), Invitation.objects.open().count(), Team.objects.get().name) == (
        Role.OPERATOR,
        1,
        "Harbour",
    )
