import threading

import pytest
from django.db import connection
from django.db.models import CharField, IntegerField, OuterRef, Subquery

from registry_ui.accounts.models import ApiToken, Membership, Role, Scope, Team
from registry_ui.accounts.tokens.service import create_token
from registry_ui.web.prepared_queries import Parameter, Statement

pytestmark = pytest.mark.django_db


def role_of(user):
    return Subquery(Membership.objects.filter(team=OuterRef("pk"), user=user).values("role")[:1])


@pytest.fixture
def by_slug():
    return Statement(
        lambda: (
            Team.objects.filter(slug=Parameter("slug", CharField()))
            .annotate(role=role_of(Parameter("user", IntegerField())))
            .only("name")
        )
    )


def test_a_statement_finds_what_its_query_finds(by_slug, team, alice, bob):
    for person, role in ((alice, Role.ADMIN), (bob, Role.OPERATOR)):
        row = by_slug.first(slug="harbour", user=person.pk)
        assert (row, row.name, row.role) == (team, "Harbour", role)
    assert row.slug == "harbour"


def test_where_there_is_no_row_it_finds_none(by_slug, team):
    assert by_slug.first(slug="nowhere", user=None) is None
    assert by_slug.first(slug="harbour", user=None).role is None


def test_an_answer_is_never_kept(by_slug, team, bob, django_assert_num_queries):
    assert by_slug.first(slug="harbour", user=bob.pk).role == Role.OPERATOR
    Membership.objects.filter(user=bob).update(role=Role.VIEWER)
    with django_assert_num_queries(1):
        assert by_slug.first(slug="harbour", user=bob.pk).role == Role.VIEWER
    Team.objects.filter(slug="harbour").update(slug="haven")
    assert by_slug.first(slug="harbour", user=bob.pk) is None


def test_values_are_values_and_never_words_of_the_query(by_slug, team):
    for slug in ("' OR '1'='1", "%s", "%", "harbour' --", "x\\"):
        assert by_slug.first(slug=slug, user=None) is None


def test_related_rows_are_fetched_with_the_row(alice, team, settings, django_assert_num_queries):
    settings.TOKEN_MAX_DAYS = 0
    made = [
        create_token(by=alice, name="ci", scope=Scope.READ, team=where, expires_at=None)[0]
        for where in (team, None)
    ]
    statement = Statement(
        lambda: ApiToken.objects.select_related("user", "team").filter(
            hint=Parameter("hint", CharField())
        )
    )
    for token in made:
        with django_assert_num_queries(1):
            row = statement.first(hint=token.hint)
            assert (row, row.user, row.team) == (token, alice, token.team)
            assert (row.id, row.created_at, row.expires_at) == (
                token.id,
                token.created_at,
                None,
            )


@pytest.mark.django_db(transaction=True)
def test_every_thread_asks_through_a_connection_of_its_own(by_slug, team):
    assert by_slug.first(slug="harbour", user=None) == team
    row = []

    def ask() -> None:
        row.append(by_slug.first(slug="harbour", user=None))
        connection.close()
        row.append(by_slug.first(slug="harbour", user=None))
        connection.close()

    threads = [threading.Thread(target=ask) for _number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert row == [team] * 8
