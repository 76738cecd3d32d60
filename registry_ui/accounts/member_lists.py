"""Lists of a team's members and of the installation's people."""

from typing import Any

from allauth.usersessions.models import UserSession
from django.db.models import (
    Case,
    IntegerField,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce, Greatest

from registry_ui.web.keyset import Keyset, Page

from .models import Membership, Role, Team, User

STATES = ("active", "deactivated", "administrators")
_BY_NAME = Keyset("username")


def members_of(team: Team) -> QuerySet[Membership]:
    """Return the members, admins first.

    Annotated with `last_seen`, which is None for a person who has never signed in.
    """
    # Roles are stored as text, whose alphabetical order is not that of the ranks.
    rank = Case(
        *(When(role=role, then=Value(role.rank)) for role in Role), output_field=IntegerField()
    )
    rows = Membership.objects.filter(team=team).select_related("user", "team")
    return rows.annotate(rank=rank, last_seen=_last_seen("user", "user__last_login")).order_by(
        "-rank", "user__username"
    )


def administrators() -> QuerySet[User]:
    return User.objects.filter(is_superuser=True, is_active=True).order_by("username")


def page_of_people(*, text: str, state: str, after: str, before: str) -> Page:
    """Return one page of the people that match the text and the state.

    Raises:
        BadRequest: the cursor `after` or `before` is malformed.
    """
    rows = with_last_seen(User.objects.prefetch_related(_teams()))

    # Each word has to occur in one of the fields.
    for word in text.split():
        names = ("username", "first_name", "last_name", "email")
        rows = rows.filter(Q(*((f"{name}__icontains", word) for name in names), _connector=Q.OR))

    if state == "administrators":
        rows = rows.filter(is_superuser=True)
    elif state:
        rows = rows.filter(is_active=state == "active")
    return _BY_NAME.page(rows, after=after, before=before)


def memberships_of(person: User) -> QuerySet[Membership]:
    return (
        Membership.objects.filter(user=person).select_related("team", "user").order_by("team__name")
    )


def with_last_seen(people: QuerySet[User]) -> QuerySet[User]:
    return people.annotate(last_seen=_last_seen("pk", "last_login"))


def successors_of(membership: Membership, me: User) -> list[User]:
    """Return the people, except `me`, who may take over the member's jobs in the team."""
    return _operators([membership.team_id], [membership.user_id, me.pk])


def successors_in_all_teams(person: User, me: User) -> list[User]:
    """Return the people, except `me`, who may take over jobs in any of the person's teams.

    A successor takes over the jobs of the teams where their role allows it; the rest is cancelled.
    """
    teams = list(person.memberships.values_list("team", flat=True))
    return _operators(teams, [person.pk, me.pk])


def _operators(teams: list[int], excluded: list[int]) -> list[User]:
    # A subquery: with a join, a member of several of the teams would appear several times.
    operators = Membership.objects.filter(
        team__in=teams, role__in=Role.at_least(Role.OPERATOR)
    ).values("user")
    return list(
        User.objects.filter(pk__in=operators, is_active=True)
        .exclude(pk__in=excluded)
        .order_by("username")
    )


def _teams() -> "Prefetch[Any]":
    return Prefetch("memberships", Membership.objects.select_related("team").order_by("team__name"))


def _last_seen(key: str, signed_in: str) -> Coalesce:
    """Return the time of the last request of an open session, or else of the last sign-in."""
    sessions = (
        UserSession.objects.filter(user=OuterRef(key))
        .order_by("-last_seen_at")
        .values("last_seen_at")
    )
    seen = Subquery(sessions[:1])
    # GREATEST with a NULL is NULL in SQLite, and the other value in PostgreSQL.
    return Coalesce(Greatest(seen, signed_in), seen, signed_in)
