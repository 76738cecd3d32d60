"""The first start: a link that works once makes the first administrator and the first team. There is no default password."""

import hashlib
import secrets
from datetime import timedelta

from allauth.account.models import EmailAddress
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.text import slugify

from .models import Membership, Role, SetupToken, Team, User

SETUP_TOKEN_AGE = timedelta(days=7)


class SetupRefused(Exception):
    """The link is wrong, too old or used, or somebody set this installation up already."""


def setup_is_open() -> bool:
    return not User.objects.exists()


@transaction.atomic
def issue_setup_token() -> str:
    """A new token; earlier ones stop working.

    Raises:
        SetupRefused: there is a user already.
    """
    if not setup_is_open():
        raise SetupRefused
    SetupToken.objects.filter(used_at=None).delete()
    token = secrets.token_urlsafe(32)
    SetupToken.objects.create(token_hash=_hash(token))
    return token


def is_valid_setup_token(token: str) -> bool:
    return setup_is_open() and _unused(token).exists()


@transaction.atomic
def create_first_administrator(*, token: str, username: str, email: str, password: str, team_name: str) -> User:
    """Claim the token, then make the person and the team; all or nothing.

    Raises:
        SetupRefused: another request won, or the token is not valid.
    """
    # Every set-up waits here for the one before it, whatever its token; SQLite has locked the whole file already.
    list(SetupToken.objects.select_for_update().order_by("pk"))
    claimed = _unused(token).update(used_at=timezone.now())
    if claimed != 1 or not setup_is_open():
        raise SetupRefused
    user = User.objects.create_superuser(username, email, password)
    team = Team.objects.filter(name=team_name).first()
    if team is None:
        create_team(name=team_name, owner=user)
    else:
        Membership.objects.create(team=team, user=user, role=Role.ADMIN)
    return user


def _unused(token: str) -> QuerySet[SetupToken]:
    return SetupToken.objects.filter(token_hash=_hash(token), used_at=None, created_at__gt=timezone.now() - SETUP_TOKEN_AGE)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


@transaction.atomic
def create_team(*, name: str, owner: User) -> Team:
    """A team, with its first admin."""
    team = Team.objects.create(name=name, slug=_free_slug(name))
    Membership.objects.create(team=team, user=owner, role=Role.ADMIN)
    return team


def _free_slug(name: str) -> str:
    wish = slugify(name)[:50] or "team"
    slug = wish
    while Team.objects.filter(slug=slug).exists():
        slug = f"{wish}-{secrets.token_hex(2)}"
    return slug


@transaction.atomic
def change_preferences(*, user: User, values: dict[str, str]) -> None:
    """Name, theme, zone and e-mail address; a changed address replaces every one that could reset the password."""
    fields = ["first_name", "email", "theme", "time_zone"]
    for field in fields:
        setattr(user, field, values[field])
    user.save(update_fields=fields)
    EmailAddress.objects.filter(user=user).exclude(email__iexact=user.email).delete()
