from datetime import timedelta

import pytest
from django.utils import timezone

from registry_ui.accounts.models import Scope, Team
from registry_ui.accounts.tokens import service
from registry_ui.registries.models import Registry


def test_teams_are_found_by_the_role_in_them(team, other_team, alice, bob, victor):
    for user, operable, editable in [(victor, [], []), (bob, [team], []), (alice, [team], [team])]:
        assert list(Team.objects.visible_to(user)) == [team]
        assert list(Team.objects.operable_by(user)) == operable
        assert list(Team.objects.editable_by(user)) == editable


def make(by, scope=Scope.READ, team=None, days=1, **more):
    expires_at = timezone.now() + timedelta(days=days) if days else None
    return service.create_token(
        by=by, name="ci", scope=scope, team=team, expires_at=expires_at, **more
    )


@pytest.mark.django_db
@pytest.mark.postgresql
def test_querysets_accept_a_principal(alice, team, other_team):
    own = Registry.objects.create(team=team, name="mine", host="a.example")
    Registry.objects.create(team=other_team, name="theirs", host="b.example")
    principal = service.authenticate(make(alice, Scope.TRANSFER)[1], None)
    for rows in (Registry.objects.visible_to(principal), Registry.objects.operable_by(principal)):
        assert list(rows.filter(host__endswith=".example")) == [own]
    assert not Registry.objects.editable_by(principal).exists()
