"""Logins that end after seconds: the service that issues them, and registries that check them."""

import base64
import datetime
import threading
import time
from collections.abc import Callable

from registry_ui.oci.basic_credential import BasicCredential
from registry_ui.oci.registry_login import RegistryLogin

from .scripted_server import Call, Reply, Script, ScriptedServer

CHALLENGE = Reply(401, headers={"WWW-Authenticate": 'Basic realm="registry"'})


class LoginService:
    """Issues logins; `source` is what a session calls.

    Args:
        seconds: the life of a login.
        stated: the life that the service states, where it is not the true one; None for no expiry.
        username: `<token>` for identity tokens.
    """

    def __init__(
        self, seconds: float, *, stated: float | None = -1, username: str = "AWS", delay: float = 0
    ) -> None:
        self.seconds = seconds
        self.stated = seconds if stated == -1 else stated
        self.username = username
        self.delay = delay
        self.failure: Exception | None = None
        self.issued = 0
        self.refused = 0
        self._ends: dict[str, float] = {}
        self._lock = threading.Lock()

    def source(self) -> RegistryLogin:
        time.sleep(self.delay)
        if self.failure is not None:
            raise self.failure

        with self._lock:
            self.issued += 1
            secret = f"secret-{self.issued}"
            self._ends[secret] = time.monotonic() + self.seconds
        expires_at = None
        if self.stated is not None:
            now = datetime.datetime.now(datetime.UTC)
            expires_at = now + datetime.timedelta(seconds=self.stated)
        return RegistryLogin(BasicCredential(self.username, secret), expires_at)

    def end_all(self) -> None:
        """End every login that was issued so far, as an administrator does who revokes it."""
        with self._lock:
            self._ends = dict.fromkeys(self._ends, 0.0)

    def is_valid(self, secret: str) -> bool:
        return time.monotonic() < self._ends.get(secret, 0.0)

    def require(self, script: Script) -> Callable[[Call], Reply]:
        """Return a script for callers whose login has not ended; others get a 401."""

        def checked(call: Call) -> Reply:
            scheme, _space, text = call.authorization.partition(" ")
            pair = base64.b64decode(text).decode() if scheme == "Basic" else ""
            if not self.is_valid(pair.partition(":")[2]):
                self.refused += bool(text)
                return CHALLENGE
            return script(call) if callable(script) else script

        return checked

    def guard(self, server: ScriptedServer) -> ScriptedServer:
        """Let a registry want Basic authentication with a login of this service."""
        server.on("GET", "/v2/", CHALLENGE)
        return server
