"""Tokens and teams with a person's role, each read in one query at every request of a program."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection

from registry_ui.web.raw_queries import ModelColumns, fetch_row

from ..models import ApiToken, Membership, Team, User

_TOKEN = ModelColumns(ApiToken, "token")
_OWNER = ModelColumns(User, "owner")
_TEAM = ModelColumns(Team, "team")

# The last column is the owner's role in the only team of the token.
_TOKENS = f"""
    SELECT {_TOKEN.sql}, {_OWNER.sql}, {_TEAM.sql}, membership.role
    FROM {ApiToken._meta.db_table} token
    LEFT JOIN {User._meta.db_table} owner ON owner.id = token.user_id
    LEFT JOIN {Team._meta.db_table} team ON team.id = token.team_id
    LEFT JOIN {Membership._meta.db_table} membership
      ON membership.team_id = token.team_id AND membership.user_id = token.user_id
"""  # noqa: S608  # no part of it comes from a request
_TEAM_BY_SLUG = f"""
    SELECT {_TEAM.sql}, membership.role
    FROM {Team._meta.db_table} team
    LEFT JOIN {Membership._meta.db_table} membership
      ON membership.team_id = team.id AND membership.user_id = %s
    WHERE team.slug = %s
"""  # noqa: S608  # no part of it comes from a request


@dataclass(frozen=True, slots=True)
class KnownToken:
    """A token, and everything that decides whether it is active.

    Args:
        membership_role: the owner's role in the token's only team; None without a membership.
    """

    token: ApiToken
    membership_role: str | None


def find_token_by_hash(token_hash: str) -> KnownToken | None:
    return _find_token("token.token_hash = %s", token_hash)


def find_token_by_key(key: UUID) -> KnownToken | None:
    # SQLite stores it as text.
    return _find_token("token.id = %s", ApiToken._meta.pk.get_db_prep_value(key, connection))


def find_team(slug: str, user_id: int | None) -> tuple[Team, str | None] | None:
    """Return a team, and the role of a person's membership in it."""
    # PostgreSQL refuses NUL in text.
    if "\0" in slug:
        return None
    row = fetch_row(_TEAM_BY_SLUG, [user_id, slug])
    return None if row is None else (_TEAM.read(row), row[-1])


def _find_token(condition: str, value: Any) -> KnownToken | None:
    row = fetch_row(f"{_TOKENS} WHERE {condition}", [value])
    if row is None:
        return None

    token = _TOKEN.read(row)
    token.user = _OWNER.read_joined(row, _TOKEN.count)
    token.team = _TEAM.read_joined(row, _TOKEN.count + _OWNER.count)
    return KnownToken(token, row[-1])
