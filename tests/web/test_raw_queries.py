"""Rows of hand-written queries as objects that equal those of the ORM."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from django.utils.timezone import now

from registry_ui.accounts.models import ApiToken, Scope, Team
from registry_ui.accounts.tokens.service import create_token
from registry_ui.images.models import LocalImage, TeamBlob
from registry_ui.serving.models import ServedBlob
from registry_ui.web.raw_queries import ModelColumns, aware, fetch_row

pytestmark = [pytest.mark.django_db, pytest.mark.postgresql]

TEAM = ModelColumns(Team, "team")
BY_SLUG = f"SELECT {TEAM.sql} FROM {Team._meta.db_table} team WHERE team.slug = %s"


@pytest.fixture
def rows(alice, team, settings):
    """Return rows with every kind of column: keys, times, booleans, JSON and addresses."""
    settings.TOKEN_MAX_DAYS = 0
    token, _ = create_token(by=alice, name="ci", scope=Scope.READ, team=team, expires_at=None)
    ApiToken.objects.filter(pk=token.pk).update(last_used_at=now(), last_used_from="2001:db8::1")
    names = {"team": team, "digest": "sha256:a"}
    blob = TeamBlob.objects.create(**names, size=1, used_at=now())
    link = ServedBlob.objects.create(**names, repository="harbour/a", dependencies=["b", "ü"])
    image = LocalImage.objects.create(**names, registry="r", repository="a", size=3, platforms=[{}])
    return [alice, team, token, blob, link, image]


def values_of(row):
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}


def test_an_object_is_the_one_of_the_orm(rows, django_assert_num_queries):
    for expected in rows:
        model = type(expected)
        columns = ModelColumns(model, "x")
        with django_assert_num_queries(1):
            row = fetch_row(f"SELECT 7, {columns.sql} FROM {model._meta.db_table} x", [])
            found = columns.read(row, 1)
            values = values_of(found)
        assert len(row) == 1 + columns.count
        assert values == values_of(model.objects.get(pk=found.pk))
        assert not found._state.adding


def test_an_outer_join_that_found_nothing_is_no_object(team):
    sql = f"""
        SELECT {TEAM.sql}, {TEAM.sql.replace("team.", "other.")}
        FROM {Team._meta.db_table} team
        LEFT JOIN {Team._meta.db_table} other ON other.id = team.id AND other.slug = %s
    """
    for slug, other in (("nowhere", None), (team.slug, team)):
        row = fetch_row(sql, [slug])
        assert TEAM.read_joined(row, 0) == team
        assert TEAM.read_joined(row, TEAM.count) == other


def test_an_answer_is_never_kept(team):
    assert TEAM.read(fetch_row(BY_SLUG, ["harbour"])) == team
    Team.objects.filter(slug="harbour").update(slug="haven")
    assert fetch_row(BY_SLUG, ["harbour"]) is None


def test_values_are_values_and_never_words_of_the_query(team):
    for slug in ("' OR '1'='1", "%s", "%", "harbour' --", "x\\"):
        assert fetch_row(BY_SLUG, [slug]) is None


def test_a_time_without_a_zone_is_in_utc():
    noon = datetime(2026, 11, 5, 12, tzinfo=UTC)
    east = noon.astimezone(timezone(timedelta(hours=8)))

    assert aware(datetime(2026, 11, 5, 12)) == noon
    assert aware(east) is east
