import json

import pytest

from registry_ui.accounts.models import AuditEvent
from tests.transfers.mirrors.rows import mirror_row
from transfers.mirrors.models import MirrorWebhook
from transfers.mirrors.services import webhooks

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
