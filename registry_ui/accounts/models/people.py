import zoneinfo
from collections.abc import Iterator
from typing import Protocol

from django.contrib.auth.models import AbstractUser
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _


def validate_time_zone(name: str) -> None:
    if name and name not in zoneinfo.available_timezones():
        raise ValidationError(_("There is no time zone “%(name)s”."), params={"name": name})


class Theme(models.TextChoices):
    SYSTEM = "system", _("As the system")
    LIGHT = "light", _("Light")
    DARK = "dark", _("Dark")


class Density(models.TextChoices):
    COMFORTABLE = "comfortable", _("Comfortable")
    COMPACT = "compact", _("Compact")


class Landing(models.TextChoices):
    """The page after a sign-in; the values are names of routes."""

    OVERVIEW = "web:overview", _("Overview")
    REGISTRIES = "registries:list", _("Registries")
    IMAGES = "images:list", _("Images")
    TRANSFERS = "transfers:list", _("Transfers")


class User(AbstractUser):
    """A person. `is_superuser` makes an administrator of the installation: an admin of every team."""

    time_zone = models.CharField(
        _("time zone"), max_length=64, blank=True, validators=[validate_time_zone]
    )
    theme = models.CharField(_("theme"), max_length=10, choices=Theme.choices, default=Theme.SYSTEM)
    density = models.CharField(
        _("density"), max_length=12, choices=Density.choices, default=Density.COMFORTABLE
    )
    landing = models.CharField(
        _("first page"), max_length=40, choices=Landing.choices, default=Landing.OVERVIEW
    )
    # A code of settings.LANGUAGES; empty is the browser's.
    language = models.CharField(_("language"), max_length=10, blank=True)
    # Where single sign-on made this person an administrator of the installation, it may take that back.
    is_superuser_by_sso = models.BooleanField(default=False, editable=False)
    # Part of what every session is checked with: one more, and all of the person's sessions are over.
    sessions_ended = models.PositiveIntegerField(default=0, editable=False)

    def get_session_auth_hash(self) -> str:
        return f"{super().get_session_auth_hash()}.{self.sessions_ended}"

    def get_session_auth_fallback_hash(self) -> Iterator[str]:
        return (
            f"{each}.{self.sessions_ended}" for each in super().get_session_auth_fallback_hash()
        )

    def role_in(self, team: "Team") -> "Role | None":
        """The person's role in a team; administrators of the installation are admins of every team."""
        if not self.is_active or self.is_superuser:
            return self.role_as(None)
        membership = self.memberships.filter(team=team).first()
        return self.role_as(membership.role if membership else None)

    def role_as(self, member_as: str | None) -> "Role | None":
        """The same for whoever has looked already as what the person is a member there."""
        if not self.is_active:
            return None
        if self.is_superuser:
            return Role.ADMIN
        return Role(member_as) if member_as else None

    def narrow_teams(self, teams: "TeamQuerySet", wanted: "Role") -> "TeamQuerySet":
        """Those of the teams in which the person has at least this role."""
        if self.is_superuser:
            return teams
        return teams.filter(
            pk__in=Membership.objects.filter(user=self, role__in=Role.at_least(wanted)).values(
                "team"
            )
        )


class Role(models.TextChoices):
    VIEWER = "viewer", _("Viewer")
    OPERATOR = "operator", _("Operator")
    ADMIN = "admin", _("Admin")

    @property
    def rank(self) -> int:
        return list(Role).index(self)

    def allows(self, wanted: "Role") -> bool:
        return self.rank >= wanted.rank

    @classmethod
    def at_least(cls, wanted: "Role") -> list["Role"]:
        return [role for role in cls if role.allows(wanted)]


class Actor(Protocol):
    """Who asks: a person, or the principal behind an API token."""

    @property
    def is_authenticated(self) -> bool: ...

    @property
    def is_active(self) -> bool: ...

    def role_in(self, team: "Team") -> Role | None: ...

    def narrow_teams(self, teams: "TeamQuerySet", wanted: Role) -> "TeamQuerySet": ...


class TeamQuerySet(models.QuerySet["Team"]):
    def with_role(self, user: Actor, role: Role) -> "TeamQuerySet":
        """Teams in which the person, or the token, has at least this role."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        return user.narrow_teams(self, role)

    def visible_to(self, user: Actor) -> "TeamQuerySet":
        return self.with_role(user, Role.VIEWER)

    def operable_by(self, user: Actor) -> "TeamQuerySet":
        return self.with_role(user, Role.OPERATOR)

    def editable_by(self, user: Actor) -> "TeamQuerySet":
        return self.with_role(user, Role.ADMIN)


class Team(models.Model):
    name = models.CharField(_("name"), max_length=100, unique=True)
    slug = models.SlugField(max_length=60, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    members = models.ManyToManyField(User, through="Membership", related_name="teams")

    objects = TeamQuerySet.as_manager()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class TeamOwnedQuerySet(models.QuerySet):
    """For every model with a `team`: the one place that says who sees, operates and edits a row."""

    def visible_to(self, user: Actor) -> "TeamOwnedQuerySet":
        return self.filter(team__in=Team.objects.visible_to(user))

    def operable_by(self, user: Actor) -> "TeamOwnedQuerySet":
        return self.filter(team__in=Team.objects.operable_by(user))

    def editable_by(self, user: Actor) -> "TeamOwnedQuerySet":
        return self.filter(team__in=Team.objects.editable_by(user))


class Membership(models.Model):
    team = models.ForeignKey(Team, models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    role = models.CharField(_("role"), max_length=10, choices=Role.choices, default=Role.VIEWER)
    # Made by single sign-on from a group: the next sign-in brings it up to date, or ends it. What people set by hand it leaves alone.
    is_from_sso = models.BooleanField(default=False, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = TeamOwnedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["team", "user"], name="one_membership_a_team")
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.team}: {self.role}"
