"""Who asks, and what they may do: an API token, directly (Basic) or through an access token of a few minutes (Bearer).

An access token names the API token and what was asked for; it carries no right. Those are read anew at every request, so a
revoked token, or a person who left the team, gets nothing more.
"""

import base64
import binascii
import re
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.http import HttpRequest
from django.utils.translation import gettext as _

from registry_ui.accounts.bounds import is_first_this_minute
from registry_ui.accounts.models import Action, Outcome, Role, Team
from registry_ui.accounts.tokens import (
    PREFIX,
    Principal,
    TokenRefused,
    authenticate,
    authenticate_by_key,
)
from registry_ui.accounts.trail import current_origin, record
from registry_ui.registries.this_server import this_host

from .errors import Refusal, name_unknown

TOKEN_SECONDS = 300
CATALOG = "registry:catalog"
ROLES = {"pull": Role.VIEWER, "push": Role.OPERATOR, "delete": Role.ADMIN}

_SALT = "registry_ui.serving.access"
_MOST_SCOPES = 100
_SCOPE = re.compile(
    r"(?P<kind>repository|registry)(?:\([a-z0-9]+\))?:(?P<name>[^:\s]{1,255}):(?P<actions>[a-z*,]{1,60})"
)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks. `granted`: what the access token was made for, as `name:action`; None where there is none, and all is asked for."""

    principal: Principal
    granted: frozenset[str] | None = None

    def team_for(self, repository: str, action: str) -> Team:
        """The team whose images have such names, for somebody who may do that to them.

        Raises:
            Refusal: there is none, the caller is not of it, or their role is too low.
            Unidentified: the access token was made for something else.
        """
        place = self.principal.place(repository.partition("/")[0])
        if place is None:
            raise name_unknown()
        team, role = place
        if not role.allows(ROLES[action]):
            words = {"wanted": ROLES[action].label, "role": role.label}
            raise Refusal(
                403,
                "DENIED",
                _("This needs the role “%(wanted)s”; the token has “%(role)s” there.") % words,
            )
        if self.granted is not None and f"{repository}:{action}" not in self.granted:
            raise Unidentified(
                f"repository:{repository}:{_with_pull(action)}", "insufficient_scope"
            )
        return team

    def check_catalog(self) -> None:
        if self.granted is not None and f"{CATALOG}:*" not in self.granted:
            raise Unidentified(f"{CATALOG}:*", "insufficient_scope")


class Unidentified(Exception):
    """The request has to log in, for a scope. `error` is Bearer's word for what is wrong (RFC 6750)."""

    def __init__(self, scope: str = "", error: str = "") -> None:
        super().__init__(scope)
        self.scope = scope
        self.error = error


def identify(request: HttpRequest, scope: str = "") -> Caller:
    """
    Raises:
        Unidentified: no login, or one that is not good.
        Refusal: too many wrong ones from there.
    """
    kind, _space, value = request.headers.get("Authorization", "").partition(" ")
    value = value.strip()
    try:
        if kind.lower() == "basic":
            return Caller(principal_of(*_basic(value)))
        if kind.lower() == "bearer":
            return _bearer(value)
    except (TokenRefused, ValueError) as exc:
        if getattr(exc, "status", 401) == 429:
            raise too_many_logins() from exc
        raise Unidentified(scope, "invalid_token") from exc
    raise Unidentified(scope)


def principal_of(username: str, secret: str) -> Principal:
    """
    Raises:
        TokenRefused
    """
    address = current_origin().address
    try:
        return authenticate(secret, address)
    except TokenRefused:
        _record_refused_login(username, address)
        raise


def basic_login(request: HttpRequest) -> tuple[str, str] | None:
    """The username and password of the request's header.

    Raises:
        ValueError: it is malformed.
    """
    kind, _space, value = request.headers.get("Authorization", "").partition(" ")
    return _basic(value.strip()) if kind.lower() == "basic" else None


def too_many_logins() -> Refusal:
    message = _("Too many wrong logins came from this address. Wait a minute.")
    return Refusal(429, "TOOMANYREQUESTS", message, headers={"Retry-After": "60"})


def challenge(request: HttpRequest, unidentified: Unidentified) -> Refusal:
    """401, with where to log in and for what (spec, "Authentication"; RFC 6750)."""
    parts = {"realm": own_address(request, "/v2/token"), "service": this_host()}
    parts |= {"scope": unidentified.scope} if unidentified.scope else {}
    parts |= {"error": unidentified.error} if unidentified.error else {}
    words = ",".join(f'{name}="{value}"' for name, value in parts.items())
    message = _("Log in with your user name and an API token as the password.")
    return Refusal(401, "UNAUTHORIZED", message, headers={"WWW-Authenticate": f"Bearer {words}"})


def own_address(request: HttpRequest, path: str) -> str:
    """An address of this server as the client reaches it."""
    return (
        f"{settings.URL}{path}"
        if request.get_host().lower() == this_host()
        else request.build_absolute_uri(path)
    )


# --- access tokens


def grant(principal: Principal, scopes: Iterable[str]) -> str:
    """An access token for those of the scopes that the principal has now; the others are left out, as registries do."""
    granted = sorted(
        {each for scope in list(scopes)[:_MOST_SCOPES] for each in _granted(principal, scope)}
    )
    return signing.dumps([str(principal.token.pk), granted], salt=_SALT, compress=True)


def _granted(principal: Principal, scope: str) -> Iterable[str]:
    match = _SCOPE.fullmatch(scope)
    if match is None:
        return
    actions = match["actions"].split(",")
    if match["kind"] == "registry":
        if match["name"] == "catalog":
            yield f"{CATALOG}:*"
        return
    place = principal.place(match["name"].partition("/")[0])
    if place is not None:
        role = place[1]
        wanted = ROLES if "*" in actions else [action for action in actions if action in ROLES]
        yield from (f"{match['name']}:{action}" for action in wanted if role.allows(ROLES[action]))


def _bearer(value: str) -> Caller:
    address = current_origin().address
    if value.startswith(PREFIX):
        return Caller(authenticate(value, address))
    try:
        key, granted = signing.loads(value, salt=_SALT, max_age=TOKEN_SECONDS)
    except signing.BadSignature as exc:
        raise TokenRefused from exc
    return Caller(authenticate_by_key(UUID(key), address), frozenset(granted))


def _basic(value: str) -> tuple[str, str]:
    try:
        username, colon, secret = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError) as exc:
        raise ValueError("Not Basic authentication.") from exc
    if not colon:
        raise ValueError("Not Basic authentication.")
    return username, secret


def _with_pull(action: str) -> str:
    return "pull" if action == "pull" else f"pull,{action}"


def _record_refused_login(username: str, address: str | None) -> None:
    """Once a minute for an address: whoever guesses must not fill the trail."""
    if is_first_this_minute(f"registry-login-refused:{address}"):
        name = "".join(each for each in username if each.isprintable())[:60]
        record(Action.TOKEN_REFUSED, name=name, outcome=Outcome.REFUSED, at="/v2/")
