"""Who is in a team, as its page lists them; and the people of the installation, as theirs does."""

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
    """Admins first. `last_seen` is empty for somebody who was never here."""
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
    """
    Raises:
        BadRequest: there is no such page.
    """
    rows = with_last_seen(User.objects.prefetch_related(_teams()))
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
    """Who may take over somebody's work in their team, beside the one who asks."""
    return _operators([membership.team_id], [membership.user_id, me.pk])


def successors_everywhere(person: User, me: User) -> list[User]:
    """The same for all of a person's teams: each takes over what they may, and the rest ends."""
    teams = list(person.memberships.values_list("team", flat=True))
    return _operators(teams, [person.pk, me.pk])


def _operators(teams: list[int], without: list[int]) -> list[User]:
    among = Membership.objects.filter(team__in=teams, role__in=Role.at_least(Role.OPERATOR)).values(
        "user"
    )
    return list(
        User.objects.filter(pk__in=among, is_active=True)
        .exclude(pk__in=without)
        .order_by("username")
    )


def _teams() -> "Prefetch[Any]":
    return Prefetch("memberships", Membership.objects.select_related("team").order_by("team__name"))


def _last_seen(key: str, signed_in: str) -> Coalesce:
    """The last request of a session that lives, or the last sign-in. The greatest of something and nothing differs by database."""
    sessions = (
        UserSession.objects.filter(user=OuterRef(key))
        .order_by("-last_seen_at")
        .values("last_seen_at")
    )
    seen = Subquery(sessions[:1])
    return Coalesce(Greatest(seen, signed_in), seen, signed_in)
