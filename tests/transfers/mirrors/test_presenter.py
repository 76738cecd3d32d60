import pytest
from django.urls import reverse

from tests.transfers.mirrors.rows import mirror_row, pair_row, run_row
from transfers.models import State

pytestmark = pytest.mark.django_db


def test_the_list_shows_each_mirror_with_its_state(client_for, victor, team):
    mirror = mirror_row(team)
    run_row(mirror, state=State.SUCCEEDED, age=500)
    run_row(mirror, state=State.FAILED, age=60)
    pair_row(mirror, missing=3)

    content = client_for(victor).get(reverse("mirrors:list")).content.decode()

    assert "Nightly" in content
    assert "50 %" in content
    assert "behind by 3" in content
    assert "At 02:00" in content
    assert "Run now" not in content
