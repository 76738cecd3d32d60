"""The first start: a one-time link creates the first administrator and the first team.

There is no default password.
"""

from datetime import timedelta
from functools import partial

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from ..audit.log import record
from ..link_tokens import hash_token, new_token
from ..models import Action, Membership, Role, SetupToken, Team, User
from ..team_extensions import seed_team
from .teams import create_team

SETUP_TOKEN_AGE = timedelta(days=7)


class SetupRefused(Exception):
    """A link that is wrong, expired or used, or an installation that is set up already."""


def setup_is_open() -> bool:
    return not User.objects.exists()


@transaction.atomic
def issue_setup_token() -> str:
    """Create a token and return it; earlier ones stop working.

    Raises:
        SetupRefused: the installation has an account already.
    """
    if not setup_is_open():
        raise SetupRefused

    # Only the newest link is valid: an older one may be in a log.
    SetupToken.objects.filter(used_at=None).delete()
    token = new_token()
    SetupToken.objects.create(token_hash=hash_token(token))
    return token


def is_valid_setup_token(token: str) -> bool:
    return setup_is_open() and _unused(token).exists()


@transaction.atomic
def create_first_administrator(
    *, token: str, username: str, email: str, password: str, team_name: str
) -> User:
    """Claim the token and create the account and the team, in one transaction.

    Raises:
        SetupRefused: the token is not valid, or another request has used it.
    """
    # Concurrent requests wait for each other, also with different tokens. SQLite has locked the
    # whole database already.
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

    # Seeding writes image files, which a rollback would leave behind.
    transaction.on_commit(partial(seed_team, team, user))
    return user


def _unused(token: str) -> QuerySet[SetupToken]:
    return SetupToken.objects.filter(
        token_hash=hash_token(token), used_at=None, created_at__gt=timezone.now() - SETUP_TOKEN_AGE
    )
