import pytest
from django.db import IntegrityError, transaction

from registry_ui.accounts.encryption import DecryptionFailed
from registry_ui.notifications.models import Notice, NoticeKind, NotificationChannel

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db]

ADDRESS = "json://hooks.example.com/canary-token"


@pytest.fixture
def ours(team):
    channel = NotificationChannel(team=team, name="Operators", scheme="json")
    channel.set_address(ADDRESS)
    channel.save()
    return channel


def test_the_address_is_encrypted_for_its_row_and_shown_to_reveal_only(ours):
    stored = NotificationChannel.objects.get()

    assert "canary" not in stored.address_ciphertext
    assert "canary" not in f"{stored.address} {stored!r}"
    assert stored.address.reveal() == ADDRESS


def test_an_address_copied_to_another_channel_is_refused(ours, other_team):
    copied = NotificationChannel.objects.create(
        team=other_team, name="Theirs", scheme="json", address_ciphertext=ours.address_ciphertext
    )

    with pytest.raises(DecryptionFailed):
        copied.address.reveal()


def test_a_team_sees_its_own_channels(ours, alice, charlie):
    assert list(NotificationChannel.objects.visible_to(alice)) == [ours]
    assert list(NotificationChannel.objects.visible_to(charlie)) == []


def test_two_schedulers_cannot_notify_twice_of_one_event(ours, team):
    event = {"channel": ours, "team": team, "object_kind": "mirrors.mirrorrun", "object_key": "1"}
    Notice.objects.create(kind=NoticeKind.FAILURE, **event)
    Notice.objects.create(kind=NoticeKind.RECOVERY, **event)

    with pytest.raises(IntegrityError), transaction.atomic():
        Notice.objects.create(kind=NoticeKind.FAILURE, **event)


def test_test_messages_may_be_sent_again(ours, team):
    for _number in range(2):
        Notice.objects.create(channel=ours, team=team, kind=NoticeKind.TEST)

    assert Notice.objects.count() == 2


def test_an_address_opens_for_its_own_service_only(ours):
    ours.scheme = "slack"

    with pytest.raises(DecryptionFailed):
        ours.address.reveal()


def test_names_are_unique_within_a_team_only(ours, team, other_team):
    NotificationChannel.objects.create(team=other_team, name=ours.name, scheme="json")

    with pytest.raises(IntegrityError), transaction.atomic():
        NotificationChannel.objects.create(team=team, name=ours.name, scheme="json")


def test_a_channel_outlives_the_account_that_made_it(ours, charlie):
    ours.created_by = charlie
    ours.save()

    charlie.delete()

    assert NotificationChannel.objects.get().created_by is None
