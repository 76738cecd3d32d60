"""Logins: what a registry asks for, the token service, and tokens kept by scope.

Implements the distribution project's "Token Authentication Specification" and "OAuth2 Token Authentication". A
credential goes to the registry's own host and to hosts approved for it, and nowhere else.
"""

import base64
import json
import re
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode, urljoin, urlsplit, urlunsplit

from .advice import advice_for
from .challenges import Challenge, parse_challenges
from .egress import host_and_port
from .errors import EgressRefused, InvalidManifest, OciError, Unauthorized
from .pacing import Attempts, Pacer
from .responses import Asked, error_from
from .transport import Answer, Authorization, Request, Transport

TOKEN_LIMIT = 1024 * 1024
_SHORTEST_LIFE = 60.0
_MARGIN = 15.0
_NEWBORN = 2.0
_LONGEST_LIFE = 86400.0
_LONGEST_SCOPE = 1000
# A registry may have more repositories, each with a token of its own, than there is memory for.
_MOST_TOKENS = 1000
_CLIENT_ID = "registry-ui"
_HEADER_TEXT = re.compile(r"[\x21-\x7e]+")


@dataclass(frozen=True, slots=True)
class BasicCredential:
    """A username and a secret. With the username empty or `<token>` the secret is an identity (refresh) token."""

    username: str
    secret: str = field(repr=False)

    @property
    def is_identity_token(self) -> bool:
        return self.username in ("", "<token>")

    def authorization(self) -> Authorization:
        pair = f"{self.username or '<token>'}:{self.secret}".encode()
        return Authorization(f"Basic {base64.b64encode(pair).decode()}")


@dataclass(frozen=True, slots=True)
class Scope:
    """What a token is to allow: some actions on one repository, and pull on one more for a mount.

    Args:
        kind: of the resource; `registry` with the name `catalog` for the list of all repositories.
    """

    repository: str
    actions: str = "pull"
    mounted_from: str = ""
    kind: str = "repository"

    @property
    def texts(self) -> tuple[str, ...]:
        """The push scope first: some servers read only the first."""
        first = f"{self.kind}:{self.repository}:{self.actions}"
        return (first, f"repository:{self.mounted_from}:pull") if self.mounted_from else (first,)


@dataclass(frozen=True, slots=True)
class _Token:
    authorization: Authorization
    born_at: float
    life: float

    @property
    def is_fresh(self) -> bool:
        return time.monotonic() < self.born_at + self.life - _MARGIN

    @property
    def is_newborn(self) -> bool:
        """So young that a refusal is about rights and not about age."""
        return time.monotonic() < self.born_at + _NEWBORN


class Authenticator:
    """The login of one client: one registry, at most one credential. Safe to use from several threads.

    Args:
        host: the registry as references carry it.
        base_url: where it is asked.
        is_approved: whether a host may be told the credential although it is not the registry's own.
    """

    def __init__(
        self,
        *,
        host: str,
        base_url: str,
        credential: BasicCredential | None,
        is_approved: Callable[[str], bool],
        transport: Transport,
        pacer: Pacer,
    ) -> None:
        self.credential = credential
        self._host = host
        self._base_url = base_url
        self._is_approved = is_approved
        self._transport = transport
        self._pacer = pacer
        self._lock = threading.Lock()
        self._challenges: list[Challenge] | None = None
        self._tokens: dict[tuple[str, ...], _Token] = {}
        self._token_locks: dict[tuple[str, ...], threading.Lock] = {}
        self._was_taken = False
        self._widened: dict[tuple[str, ...], tuple[str, ...]] = {}
        self._refresh_token = (
            credential.secret if credential is not None and credential.is_identity_token else ""
        )

    @property
    def kind(self) -> str:
        """What the registry asks for, as far as known: `token`, `basic`, or `none`."""
        challenge = self._chosen()
        return {"bearer": "token", "basic": "basic"}.get(
            challenge.scheme if challenge else "", "none"
        )

    @property
    def is_known_by_token(self) -> bool:
        """Whether the token service has taken the credential."""
        return self.credential is not None and self._was_taken

    def learn(self, answer: Answer) -> None:
        """Remember the challenges of a 401 of the registry itself, or that /v2/ asks for none."""
        challenges = (
            parse_challenges(answer.headers.get("WWW-Authenticate", ""))
            if answer.status == 401
            else []
        )
        with self._lock:
            self._challenges = challenges or self._challenges or []

    @property
    def has_learnt(self) -> bool:
        return self._challenges is not None

    def authorization(
        self, scopes: Sequence[str], *, is_patient: bool = True
    ) -> Authorization | None:
        """What to send with a request of these scopes; None where nothing is asked for or nothing is there to send.

        Args:
            is_patient: whether a token service in trouble is asked again.

        Raises:
            EgressRefused: the token service is on a host that may not be told the credential.
            Unauthorized, Denied: the token service refuses.
            ConnectionFailed: it does not answer.
        """
        challenge = self._chosen()
        if challenge is None:
            return None
        if challenge.scheme == "basic":
            return self.credential.authorization() if self.credential is not None else None
        return self._token(challenge, self._best_scopes(tuple(scopes)), is_patient).authorization

    def renew(self, scopes: Sequence[str], answer: Answer, used: Authorization | None) -> bool:
        """Prepare for one more try after a 401 or an insufficient scope: forget the token that was refused.

        Returns:
            Whether another try can end differently.
        """
        self.learn(answer)
        challenge = self._chosen()
        if challenge is None or challenge.scheme == "basic":
            return challenge is not None and self.credential is not None and used is None
        asked = self._best_scopes(tuple(scopes))
        wanted = _wanted_scopes(answer, asked)
        with self._lock:
            if wanted:
                self._widened[tuple(scopes)] = asked + wanted
            token = self._tokens.get(asked)
            is_current = token is not None and token.authorization is used
            if is_current:
                del self._tokens[asked]
        return bool(wanted) or not (is_current and token is not None and token.is_newborn)

    def _best_scopes(self, scopes: tuple[str, ...]) -> tuple[str, ...]:
        """The scopes of the token to use: wider where the registry asked for that, or where a wider one is at hand."""
        if len(scopes) == 1 and scopes[0].endswith(":pull"):
            wider = (f"{scopes[0]},push",)
            token = self._tokens.get(wider)
            if token is not None and token.is_fresh:
                return wider
        return self._widened.get(scopes, scopes)

    def _chosen(self) -> Challenge | None:
        """Bearer before Basic, unless its realm may not be told the credential while Basic is on offer."""
        challenges = self._challenges or []
        bearer = next(
            (
                each
                for each in challenges
                if each.scheme == "bearer" and each.parameters.get("realm")
            ),
            None,
        )
        basic = next((each for each in challenges if each.scheme == "basic"), None)
        if (
            bearer is not None
            and basic is not None
            and self.credential is not None
            and not self._may_know(self._realm(bearer))
        ):
            return basic
        if bearer is None and basic is None and challenges:
            offered = ", ".join(sorted({each.scheme[:30] for each in challenges}))
            raise Unauthorized(
                f"{self._host} asks for a kind of login that is not supported here ({offered}).",
                advice="Have Basic or token login enabled on the registry.",
                status=401,
            )
        return bearer or basic

    def _token(self, challenge: Challenge, scopes: tuple[str, ...], is_patient: bool) -> _Token:
        with self._lock:
            lock = self._token_locks.setdefault(scopes, threading.Lock())
        with lock:
            token = self._tokens.get(scopes)
            if token is None or not token.is_fresh:
                token = self._fetch(challenge, scopes, is_patient)
                with self._lock:
                    self._tokens[scopes] = token
                    self._was_taken = True
                    if len(self._tokens) > _MOST_TOKENS:
                        self._forget_oldest()
            return token

    def _forget_oldest(self) -> None:
        """Its lock goes too: whoever holds that fetches one token more at worst."""
        oldest = next(iter(self._tokens))
        del self._tokens[oldest]
        self._token_locks.pop(oldest, None)

    def _fetch(self, challenge: Challenge, scopes: tuple[str, ...], is_patient: bool) -> _Token:
        realm = self._realm(challenge)
        self._check_realm(realm)
        service = challenge.parameters.get("service", "")
        attempts = Attempts(self._pacer, tries=None if is_patient else 1)
        while True:
            try:
                document = self._ask(realm, service, scopes)
                return self._token_from(document)
            except OciError as exc:
                attempts.fail(exc)

    def _realm(self, challenge: Challenge) -> str:
        try:
            return urljoin(self._base_url, challenge.parameters["realm"])
        except ValueError:
            return ""

    def _may_know(self, realm: str) -> bool:
        """Whether the credential may go to this realm: the registry's own host name, or an approved one."""
        host, _ = host_and_port(realm)
        return host == host_and_port(self._base_url)[0] or self._is_approved(host)

    def _check_realm(self, realm: str) -> None:
        host, _ = host_and_port(realm)
        if self._base_url.startswith("https://") and not realm.startswith("https://"):
            raise EgressRefused(
                f"{self._host} wants the login sent to {host} over plain http: refused.",
                advice="The registry's administrator should serve the token service over https.",
            )
        if self.credential is not None and not self._may_know(realm):
            raise EgressRefused(
                f"{self._host} wants the credential sent to {host}, which is not approved for this registry: refused.",
                advice=f"If {host} is this registry's token service, add it to the token hosts in the registry's settings.",
            )

    def _ask(self, realm: str, service: str, scopes: tuple[str, ...]) -> dict[str, Any]:
        if self._refresh_token:
            answer = self._post(realm, service, scopes)
            if answer.status not in (404, 405):
                return self._document(answer)
            answer.discard()
        return self._document(self._get(realm, service, scopes))

    def _get(self, realm: str, service: str, scopes: tuple[str, ...]) -> Answer:
        parts = urlsplit(realm)
        query = [parts.query] if parts.query else []
        if service:
            query.append(f"service={quote(service, safe='')}")
        if self.credential is not None and self.credential.username:
            query.append(f"account={quote(self.credential.username, safe='')}")
        query += [f"scope={quote(scope, safe=':/,')}" for scope in scopes]
        url = urlunsplit(parts._replace(query="&".join(query), fragment=""))
        authorization = self.credential.authorization() if self.credential is not None else None
        self._pacer.wait_turn()
        return self._transport.exchange(Request("GET", url, authorization=authorization))

    def _post(self, realm: str, service: str, scopes: tuple[str, ...]) -> Answer:
        form = {
            "grant_type": "refresh_token",
            "service": service,
            "client_id": _CLIENT_ID,
            "refresh_token": self._refresh_token,
        }
        if scopes:
            form["scope"] = " ".join(scopes)
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        self._pacer.wait_turn()
        return self._transport.exchange(
            Request("POST", realm, headers=headers, body=urlencode(form).encode(), follow=False)
        )

    def _document(self, answer: Answer) -> dict[str, Any]:
        if answer.status != 200:
            raise self._refusal(answer)
        try:
            document = json.loads(answer.read(TOKEN_LIMIT))
        except (ValueError, RecursionError, InvalidManifest):
            document = None
        if not isinstance(document, dict):
            raise Unauthorized(
                f"The token service of {self._host} does not answer with a token.",
                advice="Check the registry's address.",
            )
        return document

    def _refusal(self, answer: Answer) -> OciError:
        error = error_from(
            answer,
            Asked(self._host, "login", is_anonymous=self.credential is None, secrets=self.secrets),
        )
        if answer.status in (400, 401) and self.credential is not None and not answer.is_foreign:
            error = Unauthorized(
                f"{self._host} refused the login: the username or the secret is wrong, or has expired.",
                advice=advice_for(self._host, "login"),
                status=answer.status,
                codes=error.codes,
            )
        return error

    def _token_from(self, document: Mapping[str, Any]) -> _Token:
        text = document.get("token") or document.get("access_token")
        if not isinstance(text, str) or _HEADER_TEXT.fullmatch(text) is None:
            raise Unauthorized(
                f"The token service of {self._host} answers without a token.",
                advice="Check the credential and the registry.",
            )
        renewed = document.get("refresh_token")
        if self._refresh_token and isinstance(renewed, str) and renewed:
            self._refresh_token = renewed
        seconds = document.get("expires_in")
        # In this order, so that NaN and numbers that no float can hold come out as a length of time too.
        life = (
            min(max(_SHORTEST_LIFE, seconds), _LONGEST_LIFE)
            if isinstance(seconds, int | float)
            else _SHORTEST_LIFE
        )
        return _Token(Authorization(f"Bearer {text}"), time.monotonic(), life)

    @property
    def secrets(self) -> tuple[str, ...]:
        """Texts that no message may carry."""
        with self._lock:
            tokens = {
                token.authorization.header.removeprefix("Bearer ")
                for token in self._tokens.values()
            }
        if self.credential is None:
            return tuple(tokens)
        pair = f"{self.credential.username}:{self.credential.secret}"
        return tuple((tokens | {self.credential.secret, pair, self._refresh_token}) - {""})


def _wanted_scopes(answer: Answer, asked: tuple[str, ...]) -> tuple[str, ...]:
    """The scopes that a refusal names and that were not asked for."""
    bearer = next(
        (
            each
            for each in parse_challenges(answer.headers.get("WWW-Authenticate", ""))
            if each.scheme == "bearer"
        ),
        None,
    )
    text = bearer.parameters.get("scope", "") if bearer is not None else ""
    if len(text) > _LONGEST_SCOPE or not text.isascii():
        return ()
    granted = [_resource_and_actions(scope) for scope in asked]
    return tuple(
        scope
        for scope in text.split()
        if not any(_covers(each, _resource_and_actions(scope)) for each in granted)
    )


def _resource_and_actions(scope: str) -> tuple[str, frozenset[str]]:
    resource, _, actions = scope.rpartition(":")
    return resource, frozenset(actions.split(","))


def _covers(granted: tuple[str, frozenset[str]], wanted: tuple[str, frozenset[str]]) -> bool:
    return granted[0] == wanted[0] and wanted[1] <= granted[1]
