import zoneinfo
from collections.abc import Iterator
from typing import Protocol, Self, TypeVar

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


class StartPage(models.TextChoices):
    """The page after sign-in; the values are URL names."""

    OVERVIEW = "web:overview", _("Overview")
    REGISTRIES = "registries:list", _("Registries")
    IMAGES = "images:list", _("Images")
    TRANSFERS = "transfers:list", _("Transfers")


class User(AbstractUser):
    """A person; with `is_superuser`, an administrator of the installation.

    An administrator of the installation is an admin of every team.
    """

    time_zone = models.CharField(
        _("time zone"), max_length=64, blank=True, validators=[validate_time_zone]
    )
    theme = models.CharField(_("theme"), max_length=10, choices=Theme.choices, default=Theme.SYSTEM)
    density = models.CharField(
        _("density"), max_length=12, choices=Density.choices, default=Density.COMFORTABLE
    )
    start_page = models.CharField(
        _("first page"), max_length=40, choices=StartPage.choices, default=StartPage.OVERVIEW
    )
    # A code of settings.LANGUAGES; empty for the browser's language.
    language = models.CharField(_("language"), max_length=10, blank=True)
    # Single sign-on removes only the administrators that it added.
    is_superuser_by_sso = models.BooleanField(default=False, editable=False)
    # Part of the session's hash: a higher number ends all of the person's sessions.
    session_generation = models.PositiveIntegerField(default=0, editable=False)

    # Django compares this with the hash in the session at each request.
    def get_session_auth_hash(self) -> str:
        return f"{super().get_session_auth_hash()}.{self.session_generation}"

    def get_session_auth_fallback_hash(self) -> Iterator[str]:
        # Sessions of a former key (SECRET_KEY_FALLBACKS) have to end with the number too.
        hashes = super().get_session_auth_fallback_hash()
        return (f"{auth_hash}.{self.session_generation}" for auth_hash in hashes)

    def role_in(self, team: "Team") -> "Role | None":
        """Return the person's role in a team; administrators of the installation are admins."""
        # Neither needs the membership, so there is no query.
        if not self.is_active or self.is_superuser:
            return self.role_for_membership(None)
        membership = self.memberships.filter(team=team).first()
        return self.role_for_membership(membership.role if membership else None)

    def role_for_membership(self, membership_role: str | None) -> "Role | None":
        """Return the same for a caller that has read the membership's role already."""
        if not self.is_active:
            return None
        if self.is_superuser:
            return Role.ADMIN
        return Role(membership_role) if membership_role else None

    def narrow_teams(self, teams: "TeamQuerySet", required: "Role") -> "TeamQuerySet":
        """Return those of the teams where the person has at least this role."""
        if self.is_superuser:
            return teams
        # Roles are stored as text, so the database cannot compare their ranks.
        memberships = Membership.objects.filter(user=self, role__in=Role.at_least(required))
        return teams.filter(pk__in=memberships.values("team"))


class Role(models.TextChoices):
    # In rising order: `rank` is the position.
    VIEWER = "viewer", _("Viewer")
    OPERATOR = "operator", _("Operator")
    ADMIN = "admin", _("Admin")

    @property
    def rank(self) -> int:
        return list(Role).index(self)

    def allows(self, required: "Role") -> bool:
        return self.rank >= required.rank

    @classmethod
    def at_least(cls, required: "Role") -> list["Role"]:
        return [role for role in cls if role.allows(required)]


class Actor(Protocol):
    """A person, or the principal of an API token."""

    @property
    def is_authenticated(self) -> bool: ...

    @property
    def is_active(self) -> bool: ...

    def role_in(self, team: "Team") -> Role | None: ...

    def narrow_teams(self, teams: "TeamQuerySet", required: Role) -> "TeamQuerySet": ...


class TeamQuerySet(models.QuerySet["Team"]):
    def with_role(self, user: Actor, role: Role) -> "TeamQuerySet":
        """Return the teams where the person, or the token, has at least this role."""
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
    # Commands and image names of the built-in registry use it, so it never changes.
    slug = models.SlugField(max_length=60, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    members = models.ManyToManyField(User, through="Membership", related_name="teams")

    objects = TeamQuerySet.as_manager()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


M = TypeVar("M", bound=models.Model, covariant=True)


class TeamOwnedQuerySet(models.QuerySet[M]):
    """The queryset of models with a `team`: `visible_to` decides who may see a row."""

    def visible_to(self, user: Actor) -> Self:
        return self.filter(team__in=Team.objects.visible_to(user))

    def operable_by(self, user: Actor) -> Self:
        return self.filter(team__in=Team.objects.operable_by(user))

    def editable_by(self, user: Actor) -> Self:
        return self.filter(team__in=Team.objects.editable_by(user))


class Membership(models.Model):
    team = models.ForeignKey(Team, models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    role = models.CharField(_("role"), max_length=10, choices=Role.choices, default=Role.VIEWER)
    # Created by single sign-on, which may change and delete it at the next sign-in. A membership
    # that a person has set stays as it is.
    is_from_sso = models.BooleanField(default=False, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = TeamOwnedQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["team", "user"], name="unique_membership")]

    def __str__(self) -> str:
        return f"{self.user} in {self.team}: {self.role}"
