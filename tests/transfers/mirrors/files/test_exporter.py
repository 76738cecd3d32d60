import pytest
from django.urls import reverse

from tests.transfers.mirrors.rows import mirror_row
from transfers.mirrors.files import export_mirrors, read_file
from transfers.mirrors.models import Mirror

pytestmark = pytest.mark.django_db


def test_registries_and_logins_of_another_team_are_not_used(team, other_team, charlie, registries):
    mirror_row(team, source=registries["Hub"], target=registries["Company"])
    text = export_mirrors(Mirror.objects.all())

    parsed_file = read_file(text, team=other_team)

    assert not parsed_file.entries[0].is_importable


def test_the_export_has_only_the_teams_mirrors(client_for, victor, team, other_team):
    mirror_row(team, "Ours")
    mirror_row(other_team, "Theirs")

    response = client_for(victor).get(reverse("mirrors:export"))

    assert response["Content-Disposition"].startswith('attachment; filename="mirrors-harbour-')
    assert "Ours" in response.content.decode()
    assert "Theirs" not in response.content.decode()
