"""Tokens and teams as a request of a program finds them: all in one query."""

from uuid import uuid4

import pytest

from registry_ui.accounts.models import ApiToken, Membership, Role, Scope
from registry_ui.accounts.tokens.lookups import find_team, find_token_by_hash, find_token_by_key
from registry_ui.accounts.tokens.service import create_token

pytestmark = [pytest.mark.django_db, pytest.mark.postgresql]


@pytest.fixture
def make_token(alice, settings):
    settings.TOKEN_MAX_DAYS = 0

    def make(**options):
        return create_token(
            **{"by": alice, "name": "ci", "scope": Scope.READ, "team": None, "expires_at": None}
            | options
        )[0]

    return make


def test_a_token_is_found_with_its_owner_team_and_membership(
    alice, team, make_token, django_assert_num_queries
):
    for where, role in ((team, Role.ADMIN), (None, None)):
        token = make_token(team=where)
        with django_assert_num_queries(1):
            known = find_token_by_hash(token.token_hash)
            assert (known.token, known.token.user, known.token.team) == (token, alice, where)
        assert known.membership_role == role
        assert find_token_by_key(token.pk).token == token


def test_a_role_is_read_anew_each_time(alice, team, make_token):
    token = make_token(team=team)

    Membership.objects.filter(user=alice).update(role=Role.VIEWER)
    assert find_token_by_key(token.pk).membership_role == Role.VIEWER
    Membership.objects.filter(user=alice).delete()
    assert find_token_by_key(token.pk).membership_role is None


def test_a_robot_has_no_owner(team, make_token):
    token = make_token(team=team)
    ApiToken.objects.filter(pk=token.pk).update(user=None)

    known = find_token_by_hash(token.token_hash)
    assert (known.token.user, known.token.team, known.membership_role) == (None, team, None)


def test_what_does_not_exist_is_not_found(team, make_token):
    make_token()

    assert find_token_by_hash("0" * 64) is None
    assert find_token_by_key(uuid4()) is None
    assert find_team("nowhere", None) is None
    assert find_team("harbour\0", None) is None


def test_a_team_is_found_with_the_role_of_one_person(team, bob, django_assert_num_queries):
    with django_assert_num_queries(2):
        assert find_team("harbour", bob.pk) == (team, Role.OPERATOR)
        assert find_team("harbour", None) == (team, None)
