"""The token service of one registry: a credential exchanged for short-lived tokens.

Implements the distribution project's "Token Authentication Specification" (GET) and "OAuth2 Token
Authentication" (POST with a refresh token).
"""

import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode, urljoin, urlsplit, urlunsplit

from .basic_credential import BasicCredential
from .challenges import Challenge
from .egress import host_and_port
from .errors import EgressRefused, InvalidManifest, OciError, Unauthorized
from .http_messages import Authorization, Request, Response
from .registry_login import SessionLogin
from .request_context import RequestContext
from .response_errors import error_from
from .retries import Attempts, Pacer
from .transport import Transport

TOKEN_LIMIT = 1024 * 1024
"""Bytes of the largest answer of a token service that is read."""

# Without `expires_in` a token lives 60 seconds ("Token Authentication Specification"). Services
# state less than they give, and clocks differ, so a shorter time is not believed.
_SHORTEST_LIFETIME = 60.0
_LONGEST_LIFETIME = 86400.0
_EXPIRY_MARGIN = 15.0
_JUST_ISSUED_SECONDS = 2.0
_CLIENT_ID = "registry-ui"
_HEADER_TEXT = re.compile(r"[\x21-\x7e]+")


@dataclass(frozen=True, slots=True)
class Token:
    """One token, ready to send.

    Args:
        issued_at: by the monotonic clock, in seconds.
        lifetime: in seconds.
    """

    authorization: Authorization
    issued_at: float
    lifetime: float

    @property
    def is_fresh(self) -> bool:
        """Return whether the token is valid for another 15 seconds at least."""
        return time.monotonic() < self.issued_at + self.lifetime - _EXPIRY_MARGIN

    @property
    def is_just_issued(self) -> bool:
        """Return whether the token is so new that a refusal is about rights and not about age."""
        return time.monotonic() < self.issued_at + _JUST_ISSUED_SECONDS


class TokenService:
    """A registry's token service, with at most one login. Threads may share it.

    Args:
        host: the registry as references carry it.
        base_url: scheme and host of the registry's API.
        login: the session's login, which may be exchanged while it is used.
        is_approved: whether a host may receive the credential although it is not the registry's.
    """

    def __init__(
        self,
        *,
        host: str,
        base_url: str,
        login: SessionLogin,
        is_approved: Callable[[str], bool],
        transport: Transport,
        pacer: Pacer,
    ) -> None:
        self._host = host
        self._base_url = base_url
        self._login = login
        self._is_approved = is_approved
        self._transport = transport
        self._pacer = pacer
        # A service may replace a login's refresh token, and then only the new one works.
        self._rotated: tuple[BasicCredential, str] | None = None

    @property
    def secrets(self) -> tuple[str, ...]:
        """Return the texts of the credential that no message may carry."""
        rotated = self._rotated
        return (*self._login.secrets, *([rotated[1]] if rotated is not None else []))

    def may_receive_credential(self, challenge: Challenge) -> bool:
        """Return whether the challenge's realm is on the registry's own host or an approved one."""
        return self._may_know(self._realm(challenge))

    def fetch(
        self,
        challenge: Challenge,
        scopes: tuple[str, ...],
        *,
        is_patient: bool,
        known_secrets: Callable[[], tuple[str, ...]],
    ) -> Token:
        """Ask for a token.

        Args:
            is_patient: whether a service in trouble is asked again.
            known_secrets: returns the texts to remove from the service's error messages.

        Raises:
            EgressRefused: the realm is not allowed to receive the request or the credential.
            Unauthorized, Denied: the service refuses.
            ConnectionFailed: it does not answer.
        """
        realm = self._realm(challenge)
        self._check_realm(realm)
        service = challenge.parameters.get("service", "")

        attempts = Attempts(self._pacer, tries=None if is_patient else 1)
        may_replace = True
        while True:
            credential = self._login.current()
            try:
                document = self._request(realm, service, scopes, known_secrets, credential)
                return self._token_from(document, credential)
            except OciError as exc:
                # Once only: a login may have ended before its time, but not twice.
                if may_replace and self._may_replace(exc, credential):
                    may_replace = False
                    continue
                attempts.fail(exc)

    def _may_replace(self, failure: OciError, refused: BasicCredential | None) -> bool:
        """Return whether the service has refused a login for which there is another one now."""
        is_refusal = isinstance(failure, Unauthorized) and failure.status in (400, 401)
        return is_refusal and refused is not None and self._login.replace(refused)

    def _refresh_token_of(self, credential: BasicCredential | None) -> str:
        if credential is None or not credential.is_identity_token:
            return ""
        rotated = self._rotated
        if rotated is not None and rotated[0] is credential:
            return rotated[1]
        return credential.secret

    def _realm(self, challenge: Challenge) -> str:
        # A realm may be relative (PROTOCOL.md, "Authentication").
        try:
            return urljoin(self._base_url, challenge.parameters["realm"])
        except ValueError:
            return ""

    def _may_know(self, realm: str) -> bool:
        # Exact names: registry.example.com.evil.net only looks similar.
        host, _ = host_and_port(realm)
        return host == host_and_port(self._base_url)[0] or self._is_approved(host)

    def _check_realm(self, realm: str) -> None:
        """Refuse a realm that would leak the credential: a registry could name any host."""
        host, _ = host_and_port(realm)
        if self._base_url.startswith("https://") and not realm.startswith("https://"):
            raise EgressRefused("login_over_plain_http", host=self._host, token_host=host)

        if not self._login.is_anonymous and not self._may_know(realm):
            raise EgressRefused("token_host_not_approved", host=self._host, token_host=host)

    def _request(
        self,
        realm: str,
        service: str,
        scopes: tuple[str, ...],
        known_secrets: Callable[[], tuple[str, ...]],
        credential: BasicCredential | None,
    ) -> dict[str, Any]:
        refresh_token = self._refresh_token_of(credential)
        if refresh_token:
            response = self._post(realm, service, scopes, refresh_token)
            if response.status not in (404, 405):
                return self._document(response, known_secrets)
            # Services without OAuth2 take a refresh token as the password of a GET.
            response.discard()
        return self._document(self._get(realm, service, scopes, credential), known_secrets)

    def _get(
        self,
        realm: str,
        service: str,
        scopes: tuple[str, ...],
        credential: BasicCredential | None,
    ) -> Response:
        # The realm may have a query of its own, which stays in front.
        parts = urlsplit(realm)
        query = [parts.query] if parts.query else []
        if service:
            query.append(f"service={quote(service, safe='')}")
        if credential is not None and credential.username:
            query.append(f"account={quote(credential.username, safe='')}")
        query += [f"scope={quote(scope, safe=':/,')}" for scope in scopes]
        url = urlunsplit(parts._replace(query="&".join(query), fragment=""))

        authorization = credential.authorization() if credential is not None else None
        self._pacer.wait_turn()
        return self._transport.exchange(Request("GET", url, authorization=authorization))

    def _post(
        self, realm: str, service: str, scopes: tuple[str, ...], refresh_token: str
    ) -> Response:
        form = {
            "grant_type": "refresh_token",
            "service": service,
            "client_id": _CLIENT_ID,
            "refresh_token": refresh_token,
        }
        # OAuth2 separates scopes by spaces in one parameter (RFC 6749, "Access Token Scope").
        if scopes:
            form["scope"] = " ".join(scopes)
        headers = {"Content-Type": "application/x-www-form-urlencoded"}

        # The body is a secret, so no redirect may carry it to another host.
        self._pacer.wait_turn()
        return self._transport.exchange(
            Request("POST", realm, headers=headers, body=urlencode(form).encode(), follow=False)
        )

    def _document(
        self, response: Response, known_secrets: Callable[[], tuple[str, ...]]
    ) -> dict[str, Any]:
        if response.status != 200:
            raise self._refusal(response, known_secrets())
        try:
            document = json.loads(response.read(TOKEN_LIMIT))
        except (ValueError, RecursionError, InvalidManifest):
            document = None
        if not isinstance(document, dict):
            raise Unauthorized("token_answer_malformed", host=self._host)
        return document

    def _refusal(self, response: Response, secrets: tuple[str, ...]) -> OciError:
        context = RequestContext(
            self._host, "login", is_anonymous=self._login.is_anonymous, secrets=secrets
        )
        error = error_from(response, context)

        # Services answer 400 or 401 for a wrong password; the codes differ, the meaning does not.
        is_refused = response.status in (400, 401) and not self._login.is_anonymous
        if is_refused and not response.is_foreign:
            error = Unauthorized(
                "login_refused", status=response.status, codes=error.codes, host=self._host
            )
        return error

    def _token_from(self, document: Mapping[str, Any], credential: BasicCredential | None) -> Token:
        # Docker's services say `token`, OAuth2 ones `access_token`.
        text = document.get("token") or document.get("access_token")
        if not isinstance(text, str) or _HEADER_TEXT.fullmatch(text) is None:
            raise Unauthorized("token_missing", host=self._host)

        # OAuth2 services may replace a refresh token at each use (RFC 6749, "Refreshing").
        renewed = document.get("refresh_token")
        if (
            credential is not None
            and credential.is_identity_token
            and isinstance(renewed, str)
            and renewed
        ):
            self._rotated = (credential, renewed)

        lifetime = _SHORTEST_LIFETIME
        seconds = document.get("expires_in")
        if isinstance(seconds, int | float):
            # In this order NaN, and a number that no float can hold, give a valid length too.
            lifetime = min(max(_SHORTEST_LIFETIME, seconds), _LONGEST_LIFETIME)
        return Token(Authorization(f"Bearer {text}"), time.monotonic(), lifetime)
