"""API tokens: creation, revocation and authentication.

Only a token's hash is stored. The API at /api/ and the built-in registry at /v2/ call
`authenticate` at every request, and then ask only the principal that it returns.
"""

import hashlib
import secrets
import string
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from ..audit.log import Origin, acting_as, record
from ..models import (
    Action,
    ActorKind,
    ApiToken,
    Membership,
    Outcome,
    Role,
    Scope,
    Team,
    TeamQuerySet,
    User,
)
from ..rate_limits import count_this_minute, is_first_this_minute
from .lookups import KnownToken, find_team, find_token_by_hash, find_token_by_key

PREFIX = "rui_"
SECRET_LENGTH = 40
HINT_LENGTH = len(PREFIX) + 4
DEFAULT_DAYS = 90
_ALPHABET = string.ascii_letters + string.digits
_USE_INTERVAL = timedelta(minutes=1)
_FAILURES_A_MINUTE = 30


class TokenNotAllowed(Exception):
    """A token that would allow more than its creator may do; the message says what is wrong."""


class TokenRefused(Exception):
    """A token that is unknown, revoked or expired, or whose owner has lost access.

    The client does not learn which of them; the audit log records it.
    """

    status = 401


class TooManyRefusals(TokenRefused):
    """A refusal after too many wrong tokens from one address.

    A valid token is accepted also then.
    """

    status = 429


@dataclass(frozen=True, slots=True)
class Principal:
    """The person or robot that an authenticated token acts for.

    It satisfies `Actor`, as a person does: `Registry.objects.visible_to(principal)`.

    Attributes:
        token: the token's row; `token.user` is its owner, None for a robot.
    """

    token: ApiToken
    # `TeamQuerySet` reads these of people too, who may be anonymous or deactivated.
    is_authenticated: ClassVar[bool] = True
    is_active: ClassVar[bool] = True

    @property
    def user(self) -> User | None:
        """The person, for rows that store who requested them; None for a robot."""
        return self.token.user

    @property
    def is_robot(self) -> bool:
        return self.token.is_robot

    @property
    def name(self) -> str:
        """The name of the person or the robot."""
        return self.token.name if self.token.user is None else self.token.user.get_username()

    @property
    def scope(self) -> Scope:
        return Scope(self.token.scope)

    @property
    def origin(self) -> Origin:
        """The origin for the audit log: `with acting_as(principal.origin): …`."""
        address = self.token.last_used_from
        return Origin(
            ActorKind.TOKEN,
            user=self.user,
            name=self.name,
            address=address,
            token_name=str(self.token),
        )

    def role_in(self, team: Team) -> Role | None:
        """Return the lower of the scope's role and the owner's current role in the team.

        A robot has its scope's role, in its own team only.
        """
        owner_role = self.scope.role if self.user is None else self.user.role_in(team)
        return self._limited(team, owner_role)

    def team_and_role(self, slug: str) -> tuple[Team, Role] | None:
        """Return a team and the principal's current role in it, read in one query.

        None where the team does not exist or the principal may not see it.
        """
        found = find_team(slug, self.token.user_id)
        if found is None:
            return None

        team, membership_role = found
        if self.user is None:
            owner_role: Role | None = self.scope.role
        else:
            owner_role = self.user.role_for_membership(membership_role)
        role = self._limited(team, owner_role)
        return (team, role) if role is not None else None

    def _limited(self, team: Team, owner_role: Role | None) -> Role | None:
        if owner_role is None or self.token.team_id not in (None, team.pk):
            return None
        return min(owner_role, self.scope.role, key=lambda role: role.rank)

    def narrow_teams(self, teams: TeamQuerySet, required: Role) -> TeamQuerySet:
        """Return those of the teams where the principal has at least this role."""
        # The scope limits the roles of all teams, so there may be nothing to query.
        if not self.scope.role.allows(required):
            return teams.none()
        if self.token.team_id is not None:
            teams = teams.filter(pk=self.token.team_id)
        return teams if self.user is None else teams.with_role(self.user, required)

    def teams(self) -> TeamQuerySet:
        """Return the teams that the principal may see."""
        return Team.objects.visible_to(self)


# --- creation and revocation


@transaction.atomic
def create_token(
    *,
    by: User,
    name: str,
    scope: Scope,
    team: Team | None,
    expires_at: datetime | None,
    is_robot: bool = False,
) -> tuple[ApiToken, str]:
    """Create a token and return it with its secret, which is shown once and not stored.

    Args:
        by: the token's owner; for a robot the admin who creates it.
        team: the only team where the token is valid; None for all teams of the owner.

    Raises:
        TokenNotAllowed: it would allow more than the person's role, or be valid for longer than
            the installation allows.
    """
    _check_scope(by, scope, team, is_robot=is_robot)
    _check_lifetime(expires_at)

    # The prefix lets secret scanners recognize a leaked token.
    secret = PREFIX + "".join(secrets.choice(_ALPHABET) for _position in range(SECRET_LENGTH))
    token = ApiToken.objects.create(
        user=None if is_robot else by,
        team=team,
        name=name,
        scope=scope,
        token_hash=_hash(secret),
        hint=secret[:HINT_LENGTH],
        created_by=by,
        expires_at=expires_at,
    )

    last_day = expires_at.date().isoformat() if expires_at else None
    record(
        Action.TOKEN_CREATED,
        user=by,
        obj=token,
        scope=scope.value,
        robot=is_robot,
        until=last_day,
    )
    return token, secret


def _check_scope(by: User, scope: Scope, team: Team | None, *, is_robot: bool) -> None:
    # A token for all teams needs one team where the scope is of use.
    role = by.role_in(team) if team is not None else highest_role(by)
    if is_robot and (team is None or role != Role.ADMIN):
        raise TokenNotAllowed(_("Only admins of a team make its robots."))
    if role is None or not role.allows(scope.role):
        raise TokenNotAllowed(
            _("Your role does not reach that far: a token can do at most what you can.")
        )


def _check_lifetime(expires_at: datetime | None) -> None:
    limit = settings.TOKEN_MAX_DAYS
    if limit and (expires_at is None or expires_at > timezone.now() + timedelta(days=limit)):
        raise TokenNotAllowed(
            _("A token of this installation lives %(days)s days at most.") % {"days": limit}
        )


def highest_role(user: User) -> Role | None:
    """Return the person's highest role in any team."""
    if user.is_superuser:
        return Role.ADMIN
    memberships = Membership.objects.filter(user=user)
    roles = [Role(role) for role in memberships.values_list("role", flat=True)]
    return max(roles, key=lambda role: role.rank, default=None)


@transaction.atomic
def revoke_token(*, token: ApiToken, by: User | None) -> bool:
    """Revoke the token and return whether it was not revoked before."""
    rows = ApiToken.objects.filter(pk=token.pk, revoked_at=None)
    revoked = rows.update(revoked_at=timezone.now())
    if revoked:
        record(Action.TOKEN_REVOKED, user=by, obj=token)
    return bool(revoked)


def revoke_tokens_of(person: User, team: Team | None = None) -> None:
    """Revoke the tokens of a person who leaves a team or is deactivated.

    They stay revoked when the person comes back.

    Args:
        team: None revokes those for all teams.
    """
    tokens = ApiToken.objects.filter(user=person, revoked_at=None)
    if team is not None:
        tokens = tokens.filter(team=team)

    # One by one, so that each revocation is an audit event.
    for token in tokens.select_related("team"):
        revoke_token(token=token, by=None)


# --- authentication


def authenticate(text: str, address: str | None) -> Principal:
    """Return the principal of an active token. Call this at every request.

    A token is active where it is neither revoked nor expired, its owner's account is active, and
    the owner is still in the token's only team. The principal's roles are read from the database at
    each call (`role_in`, `visible_to`, `operable_by`, `editable_by`). The first use from an address
    and each refusal of a known token are recorded, at most once a minute.

    Args:
        text: the token from the Authorization header, never from a URL.
        address: the client's address, as `addresses.client_address(request)` returns it.

    Raises:
        TokenRefused: answer with its `status`: 401, or 429 after too many wrong tokens from the
            address.
    """
    # The lookup is by hash, so neither its duration nor the index tells anything about a secret.
    known = find_token_by_hash(_hash(text))
    if known is None:
        if count_this_minute(f"token-failures:{address}") > _FAILURES_A_MINUTE:
            raise TooManyRefusals
        raise TokenRefused
    return _admit(known, address)


def authenticate_by_key(key: UUID, address: str | None) -> Principal:
    """Return the principal of an active token by its primary key.

    For credentials that this installation signed for a token, which expire with it.

    Raises:
        TokenRefused
    """
    known = find_token_by_key(key)
    if known is None:
        raise TokenRefused
    return _admit(known, address)


def _admit(known: KnownToken, address: str | None) -> Principal:
    token = known.token
    if reason := _refusal_reason(known):
        _record_refusal(token, address, reason)
        raise TokenRefused
    _record_use(token, address)
    return Principal(token)


def _hash(text: str) -> str:
    # Lone surrogates, which UTF-8 cannot encode, make a wrong token and no server error.
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()


def _refusal_reason(known: KnownToken) -> str:
    """Return the reason why the token is not active, or an empty string."""
    token = known.token
    if token.revoked_at is not None:
        return "revoked"
    if not token.is_active:
        return "expired"
    if token.user is None:
        return ""
    if not token.user.is_active:
        return "owner deactivated"
    if token.team is not None and token.user.role_for_membership(known.membership_role) is None:
        return "owner left the team"
    return ""


def _record_use(token: ApiToken, address: str | None) -> None:
    """Store the time and the address of the use, at most once a minute.

    A first use, or one from another address, is an audit event.
    """
    now = timezone.now()
    if token.last_used_at is not None and token.last_used_at >= now - _USE_INTERVAL:
        # `Principal.origin` needs this request's address, also where nothing is stored.
        token.last_used_from = address
        return

    # Of concurrent requests only one updates the row and records the event.
    previous, token.last_used_from = token.last_used_from, address
    is_due = Q(last_used_at=None) | Q(last_used_at__lt=now - _USE_INTERVAL)
    rows = ApiToken.objects.filter(is_due, pk=token.pk)
    updated = rows.update(last_used_at=now, last_used_from=address)
    if updated and (token.last_used_at is None or previous != address):
        with acting_as(Principal(token).origin):
            record(Action.TOKEN_USED, obj=token)
    token.last_used_at = now


def _record_refusal(token: ApiToken, address: str | None, reason: str) -> None:
    # A misconfigured client repeats a refused token every few seconds.
    if not is_first_this_minute(f"token-refused:{token.pk}:{address}"):
        return

    name = token.user.get_username() if token.user else token.name
    origin = Origin(
        ActorKind.TOKEN, user=token.user, name=name, address=address, token_name=str(token)
    )
    with acting_as(origin):
        record(Action.TOKEN_REFUSED, obj=token, outcome=Outcome.REFUSED, reason=reason)
