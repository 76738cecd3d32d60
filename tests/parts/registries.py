"""Real registries (Debian's docker-registry), each on a free port of the loopback interface."""

import itertools
import json
import re
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import bcrypt
import requests

from .certificates import make_authority, make_server_certificate
from .processes import Process, free_port, is_listening
from .token_server import ISSUER, SERVICE, TokenServer, TokenUser

_names = itertools.count(1)


class _TokenAuthentication(requests.auth.AuthBase):
    """A login that fetches a token of the widest scope before each request.

    The tests' own client may be slow and simple.
    """

    def __init__(self, server: TokenServer, username: str) -> None:
        self.server = server
        self.username = username

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        match = re.search(r"/v2/(.+?)/(?:manifests|blobs|tags)/", request.url or "")
        scopes = [f"repository:{match[1]}:pull,push,delete"] if match else []
        request.headers["Authorization"] = (
            f"Bearer {self.server.issue(self.username, SERVICE, scopes)}"
        )
        return request


@dataclass
class RunningRegistry:
    """A running registry, with everything that a client needs to use it."""

    host: str
    folder: Path
    scheme: str = "http"
    username: str = ""
    password: str = ""
    ca_pem: str = ""
    token_server: TokenServer | None = None
    reader_username: str = ""
    reader_password: str = ""
    process: Process | None = field(default=None, repr=False)
    configuration: dict[str, Any] = field(default_factory=dict, repr=False)

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.host}"

    @property
    def port(self) -> int:
        return int(self.host.rpartition(":")[2])

    @property
    def log(self) -> str:
        """The registry's output, its access log included."""
        return self.process.output if self.process else ""

    def new_repository(self, namespace: str = "tests") -> str:
        """Return a repository's name that no other test uses."""
        return f"{namespace}/repository-{next(_names)}-{secrets.token_hex(3)}"

    def session(self) -> requests.Session:
        """Return a plain HTTP client with all rights, for preparing and checking."""
        session = requests.Session()
        session.trust_env = False
        if self.token_server:
            session.auth = _TokenAuthentication(self.token_server, self.username)
        elif self.username:
            session.auth = (self.username, self.password)
        if self.ca_pem:
            session.verify = str(self.folder / "ca.pem")
        return session

    def tags(self, repository: str) -> list[str]:
        answer = self.session().get(f"{self.url}/v2/{repository}/tags/list", timeout=30)
        return sorted(answer.json().get("tags") or []) if answer.ok else []

    def digest_of(self, repository: str, reference: str) -> str | None:
        """Return the digest that the registry itself states; None without such a manifest."""
        accept = (
            "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, "
        )
        accept += (
            "application/vnd.docker.distribution.manifest.list.v2+json, "
            "application/vnd.docker.distribution.manifest.v2+json"
        )
        answer = self.session().head(
            f"{self.url}/v2/{repository}/manifests/{reference}",
            headers={"Accept": accept},
            timeout=30,
        )
        return answer.headers["Docker-Content-Digest"] if answer.ok else None

    def has_blob(self, repository: str, digest: str) -> bool:
        return self.session().head(f"{self.url}/v2/{repository}/blobs/{digest}", timeout=30).ok

    def corrupt_blob(self, digest: str) -> Callable[[], None]:
        """Invert the first byte of a stored blob; return a function that restores it."""
        algorithm, _, encoded = digest.partition(":")
        path = (
            self.folder
            / "storage/docker/registry/v2/blobs"
            / algorithm
            / encoded[:2]
            / encoded
            / "data"
        )
        whole = path.read_bytes()
        path.write_bytes(bytes([whole[0] ^ 0xFF]) + whole[1:])

        def mend() -> None:
            path.write_bytes(whole)

        return mend

    def stop(self) -> None:
        if self.process:
            self.process.stop()

    def start(self) -> None:
        """Start (again) on the same port with the same storage."""
        configuration = self.folder / "config.json"
        configuration.write_text(json.dumps(self.configuration))
        program = shutil.which("docker-registry") or "docker-registry"
        self.process = Process([program, "serve", configuration], log=self.folder / "registry.log")
        self.process.wait_for(lambda: is_listening(self.port))


def _registry(folder: Path, **configuration: Any) -> RunningRegistry:
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    http = {
        "addr": f"127.0.0.1:{port}",
        "secret": secrets.token_hex(16),
        **configuration.pop("http", {}),
    }
    document = {
        "version": 0.1,
        "log": {"level": "warn"},
        "storage": {
            "filesystem": {"rootdirectory": str(folder / "storage")},
            "delete": {"enabled": True},
            "redirect": {"disable": True},
            "maintenance": {"uploadpurging": {"enabled": False}},
        },
        "http": http,
        **configuration,
    }
    return RunningRegistry(host=f"127.0.0.1:{port}", folder=folder, configuration=document)


@contextmanager
def _running(registry: RunningRegistry) -> Iterator[RunningRegistry]:
    registry.start()
    try:
        yield registry
    finally:
        registry.stop()


@contextmanager
def open_registry(folder: Path) -> Iterator[RunningRegistry]:
    with _running(_registry(folder)) as registry:
        yield registry


@contextmanager
def htpasswd_registry(folder: Path) -> Iterator[RunningRegistry]:
    """Run a registry with Basic authentication. Its reader may push too: htpasswd has no rights."""
    passwords = folder / "htpasswd"
    registry = _registry(folder, auth={"htpasswd": {"realm": "tests", "path": str(passwords)}})
    registry.username, registry.password = "robot", f"htpasswd-{secrets.token_hex(8)}"
    hashed = bcrypt.hashpw(registry.password.encode(), bcrypt.gensalt(4)).decode()
    passwords.write_text(f"{registry.username}:{hashed}\n")
    with _running(registry):
        yield registry


@contextmanager
def token_registry(folder: Path) -> Iterator[RunningRegistry]:
    """Run a registry with token authentication.

    `.username` has all rights, `.reader_username` may pull, and anonymous visitors may do nothing.
    """
    server = TokenServer()
    server.start()
    folder.mkdir(parents=True, exist_ok=True)
    bundle = folder / "signer.pem"
    bundle.write_text(server.signer.pem)
    token = {
        "realm": server.realm,
        "service": SERVICE,
        "issuer": ISSUER,
        "rootcertbundle": str(bundle),
    }
    registry = _registry(folder, auth={"token": token})
    registry.token_server = server
    registry.username, registry.password = "publisher", f"publisher-{secrets.token_hex(8)}"
    registry.reader_username, registry.reader_password = "reader", f"reader-{secrets.token_hex(8)}"
    server.users["publisher"] = TokenUser(
        registry.password, {"*": {"pull", "push", "delete"}}, may_list=True
    )
    server.users["reader"] = TokenUser(registry.reader_password, {"*": {"pull"}})
    try:
        with _running(registry):
            yield registry
    finally:
        server.stop()


@contextmanager
def tls_registry(folder: Path) -> Iterator[RunningRegistry]:
    """Run an HTTPS registry for 127.0.0.1 and localhost, signed by an authority of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    authority = make_authority()
    server = make_server_certificate(authority, "127.0.0.1", "localhost")
    (folder / "ca.pem").write_text(authority.pem)
    (folder / "server.pem").write_text(server.pem)
    (folder / "server.key").write_text(server.key_pem)
    registry = _registry(
        folder,
        http={
            "tls": {"certificate": str(folder / "server.pem"), "key": str(folder / "server.key")}
        },
    )
    registry.scheme, registry.ca_pem = "https", authority.pem
    with _running(registry):
        yield registry
