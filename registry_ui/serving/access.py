"""Authentication and permissions of /v2/.

A client logs in with an API token, directly (Basic) or through an access token that lives for
five minutes (Bearer; distribution's "Token Authentication Specification").

An access token names the API token and the requested scopes; it carries no permission.
Permissions are read at every request, so a revoked token, or a person who left the team,
loses access at once.
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

from registry_ui.accounts.audit.log import current_origin, record
from registry_ui.accounts.models import Action, Outcome, Role, Team
from registry_ui.accounts.rate_limits import is_first_this_minute
from registry_ui.accounts.tokens.service import (
    PREFIX,
    Principal,
    TokenRefused,
    authenticate,
    authenticate_by_key,
)
from registry_ui.registries.builtin_registry import builtin_registry_host

from .errors import ApiError, name_unknown

TOKEN_SECONDS = 300
CATALOG = "registry:catalog"
ROLES = {"pull": Role.VIEWER, "push": Role.OPERATOR, "delete": Role.ADMIN}

_SALT = "registry_ui.serving.access"
_MAX_SCOPES = 100
# distribution's "Token Scope Documentation": kind(class):name:actions.
_SCOPE = re.compile(
    r"(?P<kind>repository|registry)(?:\([a-z0-9]+\))?"
    r":(?P<name>[^:\s]{1,255}):(?P<actions>[a-z*,]{1,60})"
)


@dataclass(frozen=True, slots=True)
class Caller:
    """The authenticated client of one request.

    Attributes:
        granted: the scopes of the access token, as `name:action`; None for a direct login,
            which has every permission of its API token.
    """

    principal: Principal
    granted: frozenset[str] | None = None

    def team_for(self, repository: str, action: str) -> Team:
        """Return the team that owns the repository, if the caller may do the action there.

        Raises:
            ApiError: there is no such team, the caller is no member, or the role is too low.
            LoginRequired: the access token was issued for another scope.
        """
        membership = self.principal.team_and_role(repository.partition("/")[0])
        if membership is None:
            raise name_unknown()

        team, role = membership
        if not role.allows(ROLES[action]):
            parameters = {"wanted": ROLES[action].label, "role": role.label}
            raise ApiError(
                403,
                "DENIED",
                _("This needs the role “%(wanted)s”; the token has “%(role)s” there.") % parameters,
            )

        # RFC 6750, "Error Codes": the client gets a new access token for the scope and tries
        # again.
        if self.granted is not None and f"{repository}:{action}" not in self.granted:
            raise LoginRequired(
                f"repository:{repository}:{_requested_actions(action)}", "insufficient_scope"
            )

        return team

    def check_catalog(self) -> None:
        """Refuse an access token that was issued without the catalog scope.

        Raises:
            LoginRequired
        """
        if self.granted is not None and f"{CATALOG}:*" not in self.granted:
            raise LoginRequired(f"{CATALOG}:*", "insufficient_scope")


class LoginRequired(Exception):
    """The error of a request that needs a login for a scope.

    Attributes:
        error: the error code of RFC 6750, "Error Codes"; empty for a request without a login.
    """

    def __init__(self, scope: str = "", error: str = "") -> None:
        super().__init__(scope)
        self.scope = scope
        self.error = error


def identify(request: HttpRequest, scope: str = "") -> Caller:
    """Return the client that the Authorization header identifies.

    Raises:
        LoginRequired: there is no login, or it is not valid.
        ApiError: too many failed logins came from this address.
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
            # A 401 would make the client try again at once.
            raise too_many_logins() from exc
        raise LoginRequired(scope, "invalid_token") from exc

    raise LoginRequired(scope)


def principal_of(username: str, secret: str) -> Principal:
    """Return the owner of an API token, and record a refused one.

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
    """Return the username and password of the request's Basic header.

    Raises:
        ValueError: it is malformed.
    """
    kind, _space, value = request.headers.get("Authorization", "").partition(" ")
    return _basic(value.strip()) if kind.lower() == "basic" else None


def too_many_logins() -> ApiError:
    message = _("Too many wrong logins came from this address. Wait a minute.")
    return ApiError(429, "TOOMANYREQUESTS", message, headers={"Retry-After": "60"})


def challenge(request: HttpRequest, required: LoginRequired) -> ApiError:
    """Return the 401 answer with the address of the token endpoint and the scope.

    Distribution's "Token Authentication Specification", and RFC 6750, "The WWW-Authenticate
    Response Header Field".
    """
    parts = {"realm": public_url(request, "/v2/token"), "service": builtin_registry_host()}
    parts |= {"scope": required.scope} if required.scope else {}
    parts |= {"error": required.error} if required.error else {}

    # Clients take the realm for the token endpoint's address and send the service and scope to it.
    parameters = ",".join(f'{name}="{value}"' for name, value in parts.items())
    message = _("Log in with your user name and an API token as the password.")
    return ApiError(
        401, "UNAUTHORIZED", message, headers={"WWW-Authenticate": f"Bearer {parameters}"}
    )


def public_url(request: HttpRequest, path: str) -> str:
    """Return the address of a path of this server, as the client reaches it."""
    return (
        f"{settings.URL}{path}"
        if request.get_host().lower() == builtin_registry_host()
        else request.build_absolute_uri(path)
    )


# --- access tokens


def issue_access_token(principal: Principal, scopes: Iterable[str]) -> str:
    """Return an access token for the scopes that the principal may use now.

    The other scopes are left out without an error (distribution's "Token Authentication
    Specification").
    """
    granted = sorted(
        {
            action
            for scope in list(scopes)[:_MAX_SCOPES]
            for action in _granted_actions(principal, scope)
        }
    )
    return signing.dumps([str(principal.token.pk), granted], salt=_SALT, compress=True)


def _granted_actions(principal: Principal, scope: str) -> Iterable[str]:
    match = _SCOPE.fullmatch(scope)
    if match is None:
        return

    # The catalog has no repository; its scope is `registry:catalog:*`.
    actions = match["actions"].split(",")
    if match["kind"] == "registry":
        if match["name"] == "catalog":
            yield f"{CATALOG}:*"
        return

    membership = principal.team_and_role(match["name"].partition("/")[0])
    if membership is not None:
        role = membership[1]

        # Only actions that the role allows are granted; the client learns it when it uses the
        # token.
        wanted = ROLES if "*" in actions else [action for action in actions if action in ROLES]
        yield from (f"{match['name']}:{action}" for action in wanted if role.allows(ROLES[action]))


def _bearer(value: str) -> Caller:
    address = current_origin().address

    # Some clients send an API token as a Bearer token themselves.
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


def _requested_actions(action: str) -> str:
    return "pull" if action == "pull" else f"pull,{action}"


def _record_refused_login(username: str, address: str | None) -> None:
    """Record a refused login, at most once a minute for an address.

    The limit keeps somebody who guesses tokens from filling the audit log.
    """
    if is_first_this_minute(f"registry-login-refused:{address}"):
        name = "".join(character for character in username if character.isprintable())[:60]
        record(Action.TOKEN_REFUSED, name=name, outcome=Outcome.REFUSED, at="/v2/")
