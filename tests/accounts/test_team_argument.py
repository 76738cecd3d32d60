import pytest
from django.core.management import CommandError

from registry_ui.accounts.models import Team
from registry_ui.accounts.team_argument import find_team

pytestmark = pytest.mark.django_db


def test_without_a_name_the_only_team_is_meant(team):
    assert find_team(None) == team


def test_a_team_is_found_by_its_name_or_its_slug(team, other_team):
    assert find_team("Lighthouse") == other_team
    assert find_team("harbour") == team


def test_several_teams_need_a_choice(team, other_team):
    with pytest.raises(CommandError, match="Choose one with --team: harbour, lighthouse"):
        find_team(None)


def test_an_unknown_name_is_answered_with_the_known_ones(team, other_team):
    with pytest.raises(CommandError, match=r"The teams are: harbour, lighthouse\.$"):
        find_team("HARBOUR")


def test_without_any_team_the_set_up_comes_first(db):
    with pytest.raises(CommandError, match="set up the installation"):
        find_team("harbour")


def test_a_wrong_name_never_means_the_only_team(team):
    """Otherwise a typing error would push to the wrong team."""
    for name in ("nobody", "harbou", "HARBOUR"):
        with pytest.raises(CommandError, match="harbour"):
            find_team(name)


def test_a_name_that_is_another_teams_slug_is_not_guessed(team):
    Team.objects.create(name="harbour", slug="pier")

    with pytest.raises(CommandError, match="--team"):
        find_team("harbour")
    assert find_team("pier").slug == "pier"
