"""The login of one session, exchanged for a new one before it expires."""

import datetime
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from .basic_credential import BasicCredential
from .errors import OciError

# A refused login that is younger is refused for its rights and not for its age.
_JUST_ISSUED_SECONDS = 2.0

# With a clock that runs ahead every login seems expired; it is still not exchanged at each request.
_SHORTEST_LIFETIME = 2.0

# After a failed exchange the current login is used for so long before the next one.
_PAUSE_AFTER_FAILURE = 5.0

# A message may repeat a secret that was exchanged a moment ago.
_REMEMBERED_LOGINS = 4


@dataclass(frozen=True, slots=True)
class RegistryLogin:
    """A login of a registry, as one exchange has returned it.

    Args:
        credential: a username with a secret, or an identity token.
        expires_at: with a time zone; None if it does not expire.
    """

    credential: BasicCredential
    expires_at: datetime.datetime | None = None


LoginSource = Callable[[], RegistryLogin]
"""Returns a login that is valid now. It may exchange a longer-lived credential for it."""


class SessionLogin:
    """The current login of a session; anonymous without a credential. Threads may share it.

    A login with an expiry is exchanged when half of its life has passed, in the thread that needs
    it; meanwhile the other threads use the current one.

    Args:
        login: a credential that never expires, or the source of logins that may.
    """

    def __init__(self, login: BasicCredential | LoginSource | None) -> None:
        self._source = login if callable(login) else None
        self._current = None if callable(login) else login
        self._lock = threading.Lock()
        self._issued_at = 0.0
        self._renew_at = float("inf") if self._source is None else 0.0
        self._expires_at = float("inf") if self._source is None else 0.0
        self._former: tuple[BasicCredential, ...] = ()

    @property
    def is_anonymous(self) -> bool:
        """Return whether there is no credential at all."""
        return self._source is None and self._current is None

    @property
    def latest(self) -> BasicCredential | None:
        """The login that was used last; None for an anonymous session, and before the first use."""
        return self._current

    @property
    def secrets(self) -> tuple[str, ...]:
        """Return the texts of the latest logins that no message may carry."""
        known = (*self._former, *([self._current] if self._current is not None else []))
        return tuple(
            text for login in known for text in (login.secret, f"{login.username}:{login.secret}")
        )

    def current(self) -> BasicCredential | None:
        """Return the login to use now; None for an anonymous session.

        Raises:
            OciError: the exchange fails, and the former login has expired.
        """
        if time.monotonic() < self._renew_at:
            return self._current

        # Only a thread without a valid login waits for another thread's exchange.
        is_valid = time.monotonic() < self._expires_at
        if not self._lock.acquire(blocking=not is_valid):
            return self._current
        try:
            if time.monotonic() >= self._renew_at:
                self._renew()
            return self._current
        finally:
            self._lock.release()

    def replace(self, refused: BasicCredential) -> bool:
        """Exchange a login that the registry has refused.

        Returns:
            Whether the session has another login now.

        Raises:
            OciError: the exchange fails.
        """
        if self._source is None:
            return False

        with self._lock:
            # Another thread may have replaced it already.
            if self._current is not refused:
                return True
            if time.monotonic() - self._issued_at < _JUST_ISSUED_SECONDS:
                return False
            self._exchange()
            return self._current != refused

    def _renew(self) -> None:
        try:
            self._exchange()
        except OciError:
            now = time.monotonic()
            if now >= self._expires_at:
                raise
            # The current login is still good, and the source may recover before it expires.
            self._renew_at = min(self._expires_at, now + _PAUSE_AFTER_FAILURE)

    def _exchange(self) -> None:
        assert self._source is not None
        issued = self._source()
        now = time.monotonic()

        if self._current is not None and self._current != issued.credential:
            self._former = (*self._former, self._current)[-_REMEMBERED_LOGINS:]
        self._current = issued.credential
        self._issued_at = now

        if issued.expires_at is None:
            self._renew_at = self._expires_at = float("inf")
            return
        # By the monotonic clock from here on: the wall clock may be set while a transfer runs.
        remaining = issued.expires_at - datetime.datetime.now(datetime.UTC)
        lifetime = max(remaining.total_seconds(), _SHORTEST_LIFETIME)
        self._renew_at = now + lifetime / 2
        self._expires_at = now + lifetime
