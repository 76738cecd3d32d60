"""The first start: a link that works once makes the first administrator and the first team. There is no default password."""

from datetime import timedelta
from functools import partial

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from ..first_start import greet
from ..links import hash_of, new_token
from ..models import Action, Membership, Role, SetupToken, Team, User
from ..trail import record
from .teams import create_team

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
    token = new_token()
    SetupToken.objects.create(token_hash=hash_of(token))
    return token


def is_valid_setup_token(token: str) -> bool:
    return setup_is_open() and _unused(token).exists()


@transaction.atomic
def create_first_administrator(
    *, token: str, username: str, email: str, password: str, team_name: str
) -> User:
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
        team = create_team(name=team_name, owner=user)
    else:
        Membership.objects.create(team=team, user=user, role=Role.ADMIN)
    record(Action.INSTALLATION_SET_UP, user=user, team=team)
    transaction.on_commit(partial(greet, team, user))
    return user


def _unused(token: str) -> QuerySet[SetupToken]:
    return SetupToken.objects.filter(
        token_hash=hash_of(token), used_at=None, created_at__gt=timezone.now() - SETUP_TOKEN_AGE
    )
