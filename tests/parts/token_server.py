"""A small token server: the distribution project's token authentication.

docker-registry 2.8 accepts it. GET with Basic and repeated `scope`, POST with
`grant_type=password` or `refresh_token`; tokens are JWTs signed with RS256 whose header carries the
certificate (`x5c`). Users have rights by repository pattern; other actions are left out of the
token, as real servers do.
"""

import base64
import fnmatch
import json
import secrets
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import jwt
from cryptography.hazmat.primitives import serialization

from .certificates import Certificate, make_authority

ISSUER = "tests' token server"
SERVICE = "tests' registry"


@dataclass(frozen=True)
class TokenUser:
    password: str
    # Repository pattern → actions, such as {"*": {"pull", "push"}}.
    rights: dict[str, set[str]]
    may_list: bool = False

    def allowed(self, repository: str, wanted: set[str]) -> set[str]:
        granted: set[str] = set()
        for pattern, actions in self.rights.items():
            if fnmatch.fnmatchcase(repository, pattern):
                granted |= actions
        return wanted & granted


@dataclass
class TokenServer:
    """A token server whose attributes may be changed while it runs.

    Attributes:
        anonymous: the rights of a request without a credential; none by default.
        token_seconds: the real lifetime of a token.
        stated_seconds: `expires_in` of the answer; None leaves it out, so that clients assume 60 s.
        requests: the requests so far: (method, user or "", scopes).
        post_allowed: False answers 404 to POST, as servers without OAuth2 do.
    """

    users: dict[str, TokenUser] = field(default_factory=dict)
    anonymous: TokenUser = field(default_factory=lambda: TokenUser("", {}))
    token_seconds: int = 300
    stated_seconds: int | None = 300
    token_field: str = "token"
    post_allowed: bool = True
    requests: list[tuple[str, str, tuple[str, ...]]] = field(default_factory=list)
    refresh_tokens: dict[str, str] = field(default_factory=dict)
    signer: Certificate = field(default_factory=lambda: make_authority("tests' token signer"))

    def start(self) -> None:
        self._http = ThreadingHTTPServer(
            ("127.0.0.1", 0), type("Handler", (_Handler,), {"token_server": self})
        )
        self._http.daemon_threads = True
        threading.Thread(
            target=self._http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        ).start()

    def stop(self) -> None:
        self._http.shutdown()
        self._http.server_close()

    @property
    def realm(self) -> str:
        return f"http://127.0.0.1:{self._http.server_port}/token"

    def identify(self, username: str, password: str) -> str | None:
        user = self.users.get(username)
        return username if user and secrets.compare_digest(user.password, password) else None

    def refresh_token_for(self, username: str) -> str:
        """Return an identity token, as `docker login` stores it."""
        token = secrets.token_urlsafe(24)
        self.refresh_tokens[token] = username
        return token

    def issue(self, username: str, service: str, scopes: list[str]) -> str:
        user = self.users.get(username, self.anonymous)
        now = int(time.time())
        claims = {
            "iss": ISSUER,
            "sub": username,
            "aud": service,
            "exp": now + self.token_seconds,
            "nbf": now - 10,
            "iat": now,
            "jti": secrets.token_hex(8),
            "access": [entry for entry in (_access(user, scope) for scope in scopes) if entry],
        }
        certificate = self.signer.certificate.public_bytes(serialization.Encoding.DER)
        headers = {"x5c": [base64.b64encode(certificate).decode()]}
        return jwt.encode(claims, self.signer.key, algorithm="RS256", headers=headers)


def _access(user: TokenUser, scope: str) -> dict[str, object] | None:
    kind, _, rest = scope.partition(":")
    name, _, actions = rest.rpartition(":")
    granted = user.allowed(name, set(actions.split(","))) if kind == "repository" else set()
    if scope == "registry:catalog:*" and user.may_list:
        granted = {"*"}
    return {"type": kind, "name": name, "actions": sorted(granted)} if granted else None


class _Handler(BaseHTTPRequestHandler):
    token_server: TokenServer
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        query = parse_qs(urlsplit(self.path).query)
        authorization = self.headers.get("Authorization", "")
        username: str | None = ""
        if authorization.startswith("Basic "):
            name, _, password = base64.b64decode(authorization[6:]).decode().partition(":")
            username = self.token_server.identify(name, password)
        self._answer("GET", username, query, with_refresh=query.get("offline_token") == ["true"])

    def do_POST(self) -> None:
        form = parse_qs(self.rfile.read(int(self.headers.get("Content-Length", 0))).decode())
        if not self.token_server.post_allowed:
            self._send(404, {"errors": [{"code": "NOT_FOUND", "message": "not found"}]})
            return
        if form.get("grant_type") == ["refresh_token"]:
            username = self.token_server.refresh_tokens.get(form.get("refresh_token", [""])[0])
        else:
            username = self.token_server.identify(
                form.get("username", [""])[0], form.get("password", [""])[0]
            )
        scopes = [scope for text in form.get("scope", []) for scope in text.split()]
        self._answer(
            "POST",
            username,
            {**form, "scope": scopes},
            with_refresh=form.get("access_type") == ["offline"],
        )

    def _answer(
        self, method: str, username: str | None, query: dict[str, list[str]], *, with_refresh: bool
    ) -> None:
        scopes = query.get("scope", [])
        self.token_server.requests.append((method, username or "", tuple(scopes)))
        if username is None:
            self._send(
                401,
                {"errors": [{"code": "UNAUTHORIZED", "message": "incorrect username or password"}]},
            )
            return
        token = self.token_server.issue(username, query.get("service", [SERVICE])[0], scopes)
        answer: dict[str, object] = {
            "access_token" if method == "POST" else self.token_server.token_field: token
        }
        if self.token_server.stated_seconds is not None:
            answer["expires_in"] = self.token_server.stated_seconds
        if with_refresh and username:
            answer["refresh_token"] = self.token_server.refresh_token_for(username)
        self._send(200, answer)

    def _send(self, status: int, document: dict[str, object]) -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        pass
