"""The login that a client uses for one registry."""

import base64
from dataclasses import dataclass, field

from .http_messages import Authorization


@dataclass(frozen=True, slots=True)
class BasicCredential:
    """A username and a secret.

    With the username empty or `<token>` the secret is an identity (refresh) token, as
    `docker login` stores it (distribution, "OAuth2 Token Authentication").
    """

    username: str
    secret: str = field(repr=False)

    @property
    def is_identity_token(self) -> bool:
        """Return whether the secret is a refresh token and not a password."""
        # Docker's credential helpers use this name for a token (docker-credential-helpers).
        return self.username in ("", "<token>")

    def authorization(self) -> Authorization:
        """Return the header of HTTP Basic authentication (RFC 7617)."""
        # UTF-8, as the token services expect it, without a charset parameter.
        pair = f"{self.username or '<token>'}:{self.secret}".encode()
        return Authorization(f"Basic {base64.b64encode(pair).decode()}")
