import pytest

from registry_ui.accounts.models import AuditEvent
from tests.transfers.mirrors.mirror_files import REGSYNC, SKOPEO
from transfers.mirrors.files import create_entries, read_file
from transfers.mirrors.models import Mirror

pytestmark = pytest.mark.django_db


def test_no_secret_of_a_file_is_stored_or_shown(team, alice, registries):
    for text in (REGSYNC, SKOPEO):
        parsed_file = read_file(text, team=team, target=None, has_target=True)
        create_entries(parsed_file.entries, team=team, user=alice)
        assert "canary-secret" not in repr(parsed_file)
    assert "canary-secret" not in repr(list(Mirror.objects.values())) + repr(
        list(AuditEvent.objects.values())
    )
