"""API tokens: made once, kept as a hash, and asked about at every use whether they still may.

Everything that serves programs (the API at /api/, the built-in registry at /v2/) asks `authenticate`, and then nothing else
but the principal that it answers.
"""

import hashlib
import secrets
import string
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import CharField, IntegerField, OuterRef, Q, QuerySet, Subquery, UUIDField
from django.utils import timezone
from django.utils.translation import gettext as _

from registry_ui.web.statements import Given, Statement

from .bounds import count_this_minute, is_first_this_minute
from .models import (
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
from .trail import Origin, acting, record

PREFIX = "rui_"
SECRET_LENGTH = 40
HINT_LENGTH = len(PREFIX) + 4
DEFAULT_DAYS = 90
_ALPHABET = string.ascii_letters + string.digits
_USE_NOTED_EVERY = timedelta(minutes=1)
_FAILURES_A_MINUTE = 30


class TokenNotAllowed(Exception):
    """What was asked for would be wider than the person who asks; the message says what is."""


class TokenRefused(Exception):
    """No living token: unknown, revoked, expired, or its owner is gone. Who asks learns only that; the trail knows which."""

    status = 401


class TooManyRefusals(TokenRefused):
    """This address has sent so many wrong tokens that it gets no answer for a minute. A good token always passes."""

    status = 429


@dataclass(frozen=True, slots=True)
class Principal:
    """Who a token acts for at this moment. It stands where a person would: `Registry.objects.visible_to(principal)`.

    Attributes:
        token: as it was found; `token.user` is its owner, None for a robot.
    """

    token: ApiToken
    # A person who signs in has these too, and the querysets ask for them.
    is_authenticated: ClassVar[bool] = True
    is_active: ClassVar[bool] = True

    @property
    def user(self) -> User | None:
        """For rows that keep who asked for them; None for a robot."""
        return self.token.user

    @property
    def is_robot(self) -> bool:
        return self.token.is_robot

    @property
    def name(self) -> str:
        """The person's name, or the robot's."""
        return self.token.name if self.token.user is None else self.token.user.get_username()

    @property
    def scope(self) -> Scope:
        return Scope(self.token.scope)

    @property
    def origin(self) -> Origin:
        """What the trail is told: `with acting(principal.origin): …`. The address is the last one it was used from."""
        address = self.token.used_from
        return Origin(
            ActorKind.TOKEN,
            user=self.user,
            name=self.name,
            address=address,
            token_name=str(self.token),
        )

    def role_in(self, team: Team) -> Role | None:
        """The lower of what the scope allows and what the owner may there now; a robot's is its scope's, in its team only."""
        return self._at_most(
            team, self.scope.role if self.user is None else self.user.role_in(team)
        )

    def place(self, slug: str) -> tuple[Team, Role] | None:
        """A team and the role in it, both as they are now; None where there is no such team, or it is not the principal's to see."""
        # PostgreSQL takes no NUL in a text.
        team = _TEAM.first(slug=slug, user=self.token.user_id) if "\0" not in slug else None
        if team is None:
            return None
        owners = self.scope.role if self.user is None else self.user.role_as(team.member_as)  # type: ignore[attr-defined]
        role = self._at_most(team, owners)
        return (team, role) if role is not None else None

    def _at_most(self, team: Team, owners: Role | None) -> Role | None:
        if owners is None or self.token.team_id not in (None, team.pk):
            return None
        return min(owners, self.scope.role, key=lambda role: role.rank)

    def narrow_teams(self, teams: TeamQuerySet, wanted: Role) -> TeamQuerySet:
        if not self.scope.role.allows(wanted):
            return teams.none()
        if self.token.team_id is not None:
            teams = teams.filter(pk=self.token.team_id)
        return teams if self.user is None else teams.with_role(self.user, wanted)

    def teams(self) -> TeamQuerySet:
        """Those in which it may at least look."""
        return Team.objects.visible_to(self)


# --- made and ended


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
    """A new token and its secret, which nobody can read again.

    Args:
        by: whose token it will be; for a robot the admin who makes it.
        team: the only team where it is good; None for all teams of the person.

    Raises:
        TokenNotAllowed: it would be wider than the person's role, or live longer than the installation allows.
    """
    _refuse_wider(by, scope, team, is_robot=is_robot)
    _refuse_longer(expires_at)
    secret = PREFIX + "".join(secrets.choice(_ALPHABET) for _each in range(SECRET_LENGTH))
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
    until = expires_at.date().isoformat() if expires_at else None
    record(Action.TOKEN_CREATED, user=by, obj=token, scope=scope.value, robot=is_robot, until=until)
    return token, secret


def _refuse_wider(by: User, scope: Scope, team: Team | None, *, is_robot: bool) -> None:
    role = by.role_in(team) if team is not None else highest_role(by)
    if is_robot and (team is None or role != Role.ADMIN):
        raise TokenNotAllowed(_("Only admins of a team make its robots."))
    if role is None or not role.allows(scope.role):
        raise TokenNotAllowed(
            _("Your role does not reach that far: a token can do at most what you can.")
        )


def _refuse_longer(expires_at: datetime | None) -> None:
    most = settings.TOKEN_MAX_DAYS
    if most and (expires_at is None or expires_at > timezone.now() + timedelta(days=most)):
        raise TokenNotAllowed(
            _("A token of this installation lives %(days)s days at most.") % {"days": most}
        )


def highest_role(user: User) -> Role | None:
    """The widest that the person has in any team."""
    if user.is_superuser:
        return Role.ADMIN
    roles = [
        Role(each) for each in Membership.objects.filter(user=user).values_list("role", flat=True)
    ]
    return max(roles, key=lambda role: role.rank, default=None)


@transaction.atomic
def revoke_token(*, token: ApiToken, by: User | None) -> bool:
    """Whether it was alive till now."""
    ended = ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=timezone.now())
    if ended:
        record(Action.TOKEN_REVOKED, user=by, obj=token)
    return bool(ended)


def end_with_membership(instance: Membership, **_kwargs: Any) -> None:
    """Receiver of `post_delete`: a person who comes back makes new tokens for the team."""
    _end(ApiToken.objects.filter(user_id=instance.user_id, team_id=instance.team_id))


def end_with_person(instance: User, **_kwargs: Any) -> None:
    """Receiver of `post_save`: a deactivated person's tokens are dead even after they return."""
    if not instance.is_active:
        _end(ApiToken.objects.filter(user_id=instance.pk))


def _end(tokens: Any) -> None:
    for token in tokens.filter(revoked_at=None).select_related("team"):
        revoke_token(token=token, by=None)


# --- used


def _member_as(team: Any, user: Any) -> Subquery:
    return Subquery(Membership.objects.filter(team=team, user=user).values("role")[:1])


def _tokens() -> QuerySet[ApiToken]:
    """With all that says whether one is alive, in one query: `member_as` is what its owner is in the one team that it is for."""
    return ApiToken.objects.select_related("user", "team").annotate(
        member_as=_member_as(OuterRef("team"), OuterRef("user"))
    )


_TOKEN_BY_HASH = Statement(lambda: _tokens().filter(token_hash=Given("hash", CharField())))
_TOKEN_BY_KEY = Statement(lambda: _tokens().filter(pk=Given("key", UUIDField())))
_TEAM = Statement(
    lambda: Team.objects.filter(slug=Given("slug", CharField())).annotate(
        member_as=_member_as(OuterRef("pk"), Given("user", IntegerField()))
    )
)


def authenticate(text: str, address: str | None) -> Principal:
    """Who stands behind a token, if it is alive now. Ask at every request, and keep the answer no longer than that.

    It looks up the SHA-256, so neither the time it takes nor an index tells anything about a secret. Alive means: not
    revoked, not expired, its owner active, and, where it is for one team, the owner still in it. What the principal may do
    there is read anew from the database each time it is asked (`role_in`, `visible_to`, `operable_by`, `editable_by`).
    The first use from an address, and every refusal of a known token, goes into the trail, at most once a minute each.

    Args:
        text: the token alone, from a header: of `Authorization: Bearer …`, or the password of `Basic`. Never from a URL.
        address: the client's, as `addresses.client_address(request)` says it.

    Raises:
        TokenRefused: answer 401 with WWW-Authenticate. Its `status` is 429 after too many wrong ones from the address.
    """
    token = _TOKEN_BY_HASH.first(hash=_hash(text))
    if token is None:
        raise (
            TooManyRefusals
            if count_this_minute(f"token-failures:{address}") > _FAILURES_A_MINUTE
            else TokenRefused
        )
    return _admit(token, address)


def authenticate_by_key(key: UUID, address: str | None) -> Principal:
    """The same for something signed here that stands for a token and names its row: it lives no longer than the token does.

    Raises:
        TokenRefused
    """
    token = _TOKEN_BY_KEY.first(key=key)
    if token is None:
        raise TokenRefused
    return _admit(token, address)


def _admit(token: ApiToken, address: str | None) -> Principal:
    if reason := _why_dead(token):
        _record_refusal(token, address, reason)
        raise TokenRefused
    _note_use(token, address)
    return Principal(token)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()


def _why_dead(token: ApiToken) -> str:
    if token.revoked_at is not None:
        return "revoked"
    if not token.is_alive:
        return "expired"
    if token.user is None:
        return ""
    if not token.user.is_active:
        return "owner deactivated"
    if token.team is not None and token.user.role_as(token.member_as) is None:  # type: ignore[attr-defined]
        return "owner left the team"
    return ""


def _note_use(token: ApiToken, address: str | None) -> None:
    """When and from where; one write a minute, whoever of many requests gets there first."""
    now = timezone.now()
    if token.used_at is not None and token.used_at >= now - _USE_NOTED_EVERY:
        token.used_from = address
        return
    was_from, token.used_from = token.used_from, address
    is_due = Q(used_at=None) | Q(used_at__lt=now - _USE_NOTED_EVERY)
    if ApiToken.objects.filter(is_due, pk=token.pk).update(used_at=now, used_from=address) and (
        token.used_at is None or was_from != address
    ):
        with acting(Principal(token).origin):
            record(Action.TOKEN_USED, obj=token)
    token.used_at = now


def _record_refusal(token: ApiToken, address: str | None, reason: str) -> None:
    if not is_first_this_minute(f"token-refused:{token.pk}:{address}"):
        return
    name = token.user.get_username() if token.user else token.name
    with acting(
        Origin(ActorKind.TOKEN, user=token.user, name=name, address=address, token_name=str(token))
    ):
        record(Action.TOKEN_REFUSED, obj=token, outcome=Outcome.REFUSED, reason=reason)
