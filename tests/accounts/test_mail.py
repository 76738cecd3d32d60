from datetime import timedelta
from smtplib import SMTPRecipientsRefused

import pytest
from django.core import mail as outgoing
from django.utils import timezone

from registry_ui.accounts.mail import send_invitation
from registry_ui.accounts.models import Invitation
from tests.parts.processes import free_port

pytestmark = pytest.mark.django_db

LINK = "https://registries.example/join/canary-token/"


@pytest.fixture
def invitation(team, alice):
    return Invitation.objects.create(
        team=team,
        email="dora@example.com",
        token_hash="h",
        created_by=alice,
        expires_at=timezone.now() + timedelta(days=7),
    )


def test_the_message_has_the_link_and_names_who_invites_to_what(invitation):
    assert send_invitation(invitation, LINK)

    [message] = outgoing.outbox
    assert message.to == ["dora@example.com"]
    assert message.subject == "Join Harbour on Registry UI"
    assert LINK in message.body
    assert "alice invites you to the team Harbour" in message.body


def test_a_team_with_a_line_break_in_its_name_injects_no_header(invitation):
    invitation.team.name = "Night\nBcc: evil@example.com"

    send_invitation(invitation, LINK)

    [message] = outgoing.outbox
    assert message.subject == "Join Night Bcc: evil@example.com on Registry UI"
    assert message.recipients() == ["dora@example.com"]


@pytest.mark.parametrize(
    "error", [SMTPRecipientsRefused({"dora@example.com": (550, b"no")}), ConnectionRefusedError()]
)
def test_a_mail_server_that_refuses_is_reported_without_its_text(
    invitation, monkeypatch, caplog, error
):
    def send(message):
        raise error

    monkeypatch.setattr("registry_ui.accounts.mail.EmailMessage.send", send)

    assert not send_invitation(invitation, LINK)
    assert type(error).__name__ in caplog.text
    assert "dora" not in caplog.text
    assert "canary-token" not in caplog.text


def test_an_invitation_of_a_removed_person_names_nobody(invitation, alice):
    alice.delete()
    invitation.refresh_from_db()

    assert send_invitation(invitation, LINK)
    assert "You are invited to the team Harbour" in outgoing.outbox[0].body


def test_names_are_plain_text_in_the_message(invitation):
    invitation.team.name = 'R&D <ops> "x"'

    send_invitation(invitation, LINK)

    assert 'the team R&D <ops> "x" on' in outgoing.outbox[0].body
    assert 'R&D <ops> "x"' in outgoing.outbox[0].subject


def test_a_mail_server_that_does_not_answer_is_logged_without_the_link(
    invitation, settings, caplog
):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", free_port()

    assert not send_invitation(invitation, LINK)

    assert str(invitation.pk) in caplog.text
    assert "canary-token" not in caplog.text
    assert "dora@example.com" not in caplog.text
