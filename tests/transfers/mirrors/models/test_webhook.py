import json

import pytest
from django.db import IntegrityError, transaction

from registry_ui.accounts.encryption import DecryptionFailed
from registry_ui.accounts.models import AuditEvent
from tests.transfers.mirrors.rows import mirror_row
from transfers.mirrors.models import MirrorPause, MirrorWebhook
from transfers.mirrors.services import webhooks

SECRET = "canary-secret"

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db]


@pytest.fixture
def mirror(team):
    return mirror_row(team, selection={"versions": ">=1.27 <2"})


@pytest.fixture
def secret(mirror, alice):
    return webhooks.create_webhook(mirror, alice)[1]


def test_the_secret_is_stored_encrypted_and_in_no_event(secret):
    assert secret not in json.dumps(list(MirrorWebhook.objects.values()), default=str)
    assert secret not in json.dumps(list(AuditEvent.objects.values()), default=str)


@pytest.fixture
def webhook(team):
    webhook = MirrorWebhook(mirror=mirror_row(team))
    webhook.set_secret(SECRET)
    webhook.save()
    return webhook


def test_the_secret_is_stored_encrypted_and_shown_only_on_request(webhook):
    stored = MirrorWebhook.objects.get()

    assert stored.secret.reveal() == SECRET
    for text in (stored.secret_ciphertext, str(stored), repr(stored.secret), str(stored.secret)):
        assert SECRET not in text


def test_a_secret_that_was_moved_to_the_row_of_another_mirror_cannot_be_read(webhook, team):
    other = MirrorWebhook(mirror=mirror_row(team, "Other"))
    other.secret_ciphertext = webhook.secret_ciphertext
    other.save()

    with pytest.raises(DecryptionFailed):
        other.secret.reveal()

    MirrorWebhook.objects.filter(pk=webhook.pk).update(mirror=mirror_row(team, "Third"))
    with pytest.raises(DecryptionFailed):
        MirrorWebhook.objects.get(pk=webhook.pk).secret.reveal()


def test_a_mirror_has_one_webhook_which_is_removed_with_it(webhook):
    with pytest.raises(IntegrityError), transaction.atomic():
        MirrorWebhook.objects.create(mirror=webhook.mirror)

    webhook.mirror.delete()

    assert not MirrorWebhook.objects.exists()


def test_a_team_has_one_pause(team, other_team):
    MirrorPause.objects.create(team=team, paused_by="alice")
    MirrorPause.objects.create(team=other_team)

    with pytest.raises(IntegrityError), transaction.atomic():
        MirrorPause.objects.create(team=team)
