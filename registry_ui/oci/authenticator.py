"""Registry logins: the login that a registry asks for, and tokens kept by scope.

Implements the client's part of the distribution project's "Token Authentication Specification",
beside HTTP Basic authentication (RFC 7617).
"""

import threading
from collections.abc import Callable, Sequence

from .challenges import Challenge, parse_challenges
from .errors import Unauthorized
from .http_messages import Authorization, Response
from .registry_login import SessionLogin
from .retries import Pacer
from .token_scopes import missing_scopes
from .token_service import Token, TokenService
from .transport import Transport

# A registry may have more repositories, each with a token of its own, than there is memory for.
_TOKENS_LIMIT = 1000


class Authenticator:
    """One client's way to log in: one registry, at most one login. Threads may share it.

    A login that expires is exchanged in time, also between two requests of one transfer.

    Tokens are kept by their scopes: one token with growing scopes would exceed the size limit of
    headers (PROTOCOL.md, "Authentication").

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
        self.login = login
        self._host = host
        self._service = TokenService(
            host=host,
            base_url=base_url,
            login=login,
            is_approved=is_approved,
            transport=transport,
            pacer=pacer,
        )

        self._lock = threading.Lock()
        self._challenges: list[Challenge] | None = None
        self._tokens: dict[tuple[str, ...], Token] = {}
        self._token_locks: dict[tuple[str, ...], threading.Lock] = {}
        self._was_accepted = False
        self._widened: dict[tuple[str, ...], tuple[str, ...]] = {}

    @property
    def kind(self) -> str:
        """The login that the registry asks for, as far as known: `token`, `basic` or `none`."""
        challenge = self._chosen()
        scheme = challenge.scheme if challenge else ""
        return {"bearer": "token", "basic": "basic"}.get(scheme, "none")

    @property
    def is_known_by_token(self) -> bool:
        """Return whether the token service has accepted the credential."""
        return not self.login.is_anonymous and self._was_accepted

    @property
    def has_challenges(self) -> bool:
        """Return whether the registry has been asked for the login that it wants."""
        return self._challenges is not None

    @property
    def secrets(self) -> tuple[str, ...]:
        """Return the texts that no message may carry: tokens and the credential."""
        with self._lock:
            tokens = {
                token.authorization.header.removeprefix("Bearer ")
                for token in self._tokens.values()
            }
        return tuple((tokens | set(self._service.secrets)) - {""})

    def record_challenges(self, response: Response) -> None:
        """Record the challenges of the registry's own 401, or that /v2/ asks for no login."""
        challenges = []
        if response.status == 401:
            challenges = parse_challenges(response.headers.get("WWW-Authenticate", ""))
        # A later 401 without challenges must not make the client anonymous.
        with self._lock:
            self._challenges = challenges or self._challenges or []

    def authorization(
        self, scopes: Sequence[str], *, is_patient: bool = True
    ) -> Authorization | None:
        """Return the header for a request with these scopes; None for an anonymous request.

        Args:
            is_patient: whether a token service in trouble is asked again.

        Raises:
            EgressRefused: the token service is on a host that may not receive the credential.
            Unauthorized, Denied: the token service refuses.
            ConnectionFailed: it does not answer.
        """
        challenge = self._chosen()
        if challenge is None:
            return None
        if challenge.scheme == "basic":
            return self.basic_authorization()
        return self._token(challenge, self._best_scopes(tuple(scopes)), is_patient).authorization

    def basic_authorization(self) -> Authorization | None:
        """Return the header of HTTP Basic authentication; None for an anonymous client.

        Raises:
            OciError: the login has expired, and its exchange fails.
        """
        credential = self.login.current()
        return credential.authorization() if credential is not None else None

    def renew(self, scopes: Sequence[str], response: Response, used: Authorization | None) -> bool:
        """Prepare for one more try after a 401 or an insufficient scope.

        The refused token is dropped; with Basic, the refused login is exchanged.

        Returns:
            Whether another try can end differently. A token that was issued just now and is refused
            has no rights: Docker Hub and Quay issue one to everybody (PROTOCOL.md).

        Raises:
            OciError: the exchange of the login fails.
        """
        self.record_challenges(response)
        challenge = self._chosen()
        if challenge is None:
            return False
        if challenge.scheme == "basic":
            return self._renew_basic(used)

        # Another scope than the refused one may help, so it is remembered for this kind of request.
        requested = self._best_scopes(tuple(scopes))
        missing = missing_scopes(response, requested)
        with self._lock:
            if missing:
                self._widened[tuple(scopes)] = requested + missing
            # Another thread may have replaced the refused token already.
            token = self._tokens.get(requested)
            is_current = token is not None and token.authorization is used
            if is_current:
                del self._tokens[requested]
        return bool(missing) or not (is_current and token is not None and token.is_just_issued)

    def _renew_basic(self, used: Authorization | None) -> bool:
        # The first try went without the login, or with a login that another thread has replaced.
        latest = self.login.latest
        if latest is None or used is None or used.header != latest.authorization().header:
            return not self.login.is_anonymous
        return self.login.replace(latest)

    def _best_scopes(self, scopes: tuple[str, ...]) -> tuple[str, ...]:
        """Return the scopes of the token to use, wider ones where that saves or needs a token."""
        # A fresh token for push covers a pull: one request to the token service less.
        if len(scopes) == 1 and scopes[0].endswith(":pull"):
            wider = (f"{scopes[0]},push",)
            token = self._tokens.get(wider)
            if token is not None and token.is_fresh:
                return wider
        return self._widened.get(scopes, scopes)

    def _chosen(self) -> Challenge | None:
        """Return Bearer before Basic, unless only Basic keeps the credential on allowed hosts."""
        challenges = self._challenges or []
        bearers = (challenge for challenge in challenges if _is_bearer(challenge))
        basics = (challenge for challenge in challenges if challenge.scheme == "basic")
        bearer, basic = next(bearers, None), next(basics, None)

        # With both on offer, Basic avoids a realm that may not receive the credential.
        if bearer is not None and basic is not None and not self.login.is_anonymous:
            return bearer if self._service.may_receive_credential(bearer) else basic
        if bearer is None and basic is None and challenges:
            offered = sorted({challenge.scheme[:30] for challenge in challenges})
            raise Unauthorized(
                "login_kind_unsupported", status=401, host=self._host, offered=offered
            )
        return bearer or basic

    def _token(self, challenge: Challenge, scopes: tuple[str, ...], is_patient: bool) -> Token:
        """Return a fresh token, fetched once however many threads need it."""
        with self._lock:
            lock = self._token_locks.setdefault(scopes, threading.Lock())

        with lock:
            # Another thread may have fetched it while this one waited for the lock.
            token = self._tokens.get(scopes)
            if token is None or not token.is_fresh:
                token = self._service.fetch(
                    challenge, scopes, is_patient=is_patient, known_secrets=lambda: self.secrets
                )
                with self._lock:
                    self._tokens[scopes] = token
                    self._was_accepted = True
                    if len(self._tokens) > _TOKENS_LIMIT:
                        self._drop_oldest()
            return token

    def _drop_oldest(self) -> None:
        # The lock goes too: a thread that waits for it fetches one more token at worst.
        # Dictionaries keep the order of insertion.
        oldest = next(iter(self._tokens))
        del self._tokens[oldest]
        self._token_locks.pop(oldest, None)


def _is_bearer(challenge: Challenge) -> bool:
    return challenge.scheme == "bearer" and bool(challenge.parameters.get("realm"))
