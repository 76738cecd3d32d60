"""A scripted registry that wants a login, and the logins of the tests."""

import base64
from collections.abc import Callable

from registry_ui.oci.basic_credential import BasicCredential

from .scripted_server import Call, Reply, ScriptedServer

SECRET = "canary-7f3a91"
CREDENTIAL = BasicCredential("alice", SECRET)
BASIC = "Basic " + base64.b64encode(f"alice:{SECRET}".encode()).decode()
TAGS = Reply(body=b'{"tags":["1.0"]}')


def ask_for_token(registry: ScriptedServer, realm: str, *, service: str = "registry.test") -> None:
    """Let a registry want a token of a service."""
    challenge = f'Bearer realm="{realm}",service="{service}"'
    registry.on("GET", "/v2/", Reply(401, headers={"WWW-Authenticate": challenge}))


def require_token(token: str, reply: Reply) -> Callable[[Call], Reply]:
    """Return a script that answers `reply` to a bearer of the token, and 401 to others."""

    def script(call: Call) -> Reply:
        return (
            reply
            if call.authorization == f"Bearer {token}"
            else Reply(401, headers={"WWW-Authenticate": 'Bearer realm="/token"'})
        )

    return script
