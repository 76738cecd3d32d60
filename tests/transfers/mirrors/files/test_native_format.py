import pytest

from tests.transfers.mirrors.rows import mirror_row
from transfers.mirrors.files import create_entries, export_mirrors, read_file
from transfers.mirrors.models import Mirror

pytestmark = pytest.mark.django_db


def test_a_duplicate_name_is_reported(team, alice, registries):
    mirror_row(team, source=registries["Hub"], target=registries["Company"])
    text = export_mirrors(Mirror.objects.all())

    parsed_file = read_file(text, team=team)

    assert not parsed_file.entries[0].is_importable
    assert create_entries(parsed_file.entries, team=team, user=alice) == []
