"""A registry over HTTP: one host, one credential (distribution spec, "Endpoints")."""

import fnmatch
import itertools
import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from .auth import Authenticator, BasicCredential, Scope
from .connections import Limits
from .egress import Dialer, EgressPolicy
from .errors import ConnectionFailed, NotARegistry, RepositoryUnknown, ResponseError
from .listing import iterate_repositories, iterate_tags
from .pacing import Attempts, OnPause, Pacer
from .redaction import redact, redact_url
from .reference import DOCKER_HUB, check_repository
from .registry_store import RegistryStore
from .responses import Asked, error_from, not_a_registry
from .sockets import SocketWatch
from .store import Cancellation
from .transport import Answer, Authorization, Body, Request, Transport, same_origin

__all__ = ["BasicCredential", "Endpoint", "Limits", "RateLimit", "RegistryClient", "RegistryStore"]

_DOCKER_HUB_API = "registry-1.docker.io"
_DOCKER_HUB_TOKENS = ("auth.docker.io",)
_LEADING_NUMBER = re.compile(r"([0-9]{1,9})(?:\s*;\s*w=([0-9]{1,9}))?")
_WARNING = re.compile(r'299 \S+ "([^"]{1,500})"')
_WARNINGS_LIMIT = 10


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a registry is, and whom it is trusted with.

    Args:
        host: as references carry it, with the port where there is one.
        scheme: `https`, or `http` as somebody's explicit choice.
        ca_pem: one more certificate authority for this registry, in PEM.
        token_hosts: hosts beside its own that may be told the credential: exact names or patterns such as `*.example.com`.
    """

    host: str
    scheme: str = "https"
    ca_pem: str = ""
    token_hosts: tuple[str, ...] = ()

    @property
    def base_url(self) -> str:
        """The URL that /v2/ is appended to. Docker Hub's API is on a host of another name."""
        return f"{self.scheme}://{_DOCKER_HUB_API if self.host == DOCKER_HUB else self.host}"

    def is_approved(self, host: str) -> bool:
        """Whether a foreign host may be told the credential."""
        hosts = self.token_hosts + (_DOCKER_HUB_TOKENS if self.host == DOCKER_HUB else ())
        return any(fnmatch.fnmatchcase(host.lower(), pattern.lower()) for pattern in hosts)


@dataclass(frozen=True, slots=True)
class RateLimit:
    """What the registry said about its limit with the latest answer that said anything; it holds for `window` seconds, where it
    says so."""

    limit: int
    remaining: int
    window: int | None = None


class RegistryClient:
    """One registry with one credential. Safe to use from several threads, which share connections and tokens.

    Args:
        credential: None for an anonymous client.
        egress: what may be connected to.
        cancellation: ends waiting and blocked calls with `Cancelled`.
        on_pause: told the seconds and the reason whenever the client waits before it tries again.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        credential: BasicCredential | None = None,
        *,
        egress: EgressPolicy,
        cancellation: Cancellation | None = None,
        on_pause: OnPause | None = None,
        limits: Limits | None = None,
    ) -> None:
        self.endpoint = endpoint
        self.cancellation = cancellation or Cancellation()
        self.limits = limits or Limits()
        self._egress = egress
        self.rate_limit: RateLimit | None = None
        self.warnings: tuple[str, ...] = ()
        self.request_count = 0
        self._request_numbers = itertools.count(1)
        base_url = endpoint.base_url
        own_host = urlsplit(base_url).hostname or ""
        dialer = Dialer(
            egress,
            own_host,
            endpoint.is_approved,
            SocketWatch(self.cancellation),
            self.cancellation,
        )
        self.transport = Transport(
            dialer, ca_pem=endpoint.ca_pem, limits=self.limits, cancellation=self.cancellation
        )
        self.pacer = Pacer(self.limits, self.cancellation, on_pause)
        self._discovery = threading.Lock()
        self._auth = Authenticator(
            host=endpoint.host,
            base_url=base_url,
            credential=credential,
            is_approved=endpoint.is_approved,
            transport=self.transport,
            pacer=self.pacer,
        )

    def ping(self) -> None:
        """Check that a registry answers, logged in or not. Tries once.

        Raises:
            NotARegistry: something else answers.
            ConnectionFailed and its kinds, TlsFailed among them; ServerFailed, RateLimited.
        """
        self._check_ping(self._ask_ping(None))

    def login(self) -> str:
        """Log in for real. Tries once.

        Returns:
            How: `token` or `basic`; `none` where the registry asks for no login, so that nothing was proven.

        Raises:
            Unauthorized: the credential is refused, or there is none and the registry wants one.
            NotARegistry, Denied, EgressRefused, ConnectionFailed and its kinds.
        """
        self.ping()
        credential = self._auth.credential
        authorization = self._auth.authorization((), is_patient=False)
        if authorization is None and credential is not None:
            authorization = credential.authorization()
        answer = self._ask_ping(authorization)
        if answer.status != 200 or answer.is_foreign:
            raise error_from(
                answer,
                Asked(
                    self.endpoint.host,
                    "login",
                    is_anonymous=credential is None,
                    secrets=self._auth.secrets,
                ),
            )
        answer.discard()
        return self._auth.kind

    def may(self, repository: str, actions: str) -> None:
        """Check the rights on a repository by using them harmlessly: a list of tags, or an upload begun and given up.

        Args:
            actions: `pull` or `pull,push`.

        Raises:
            Unauthorized, Denied: no.
            RepositoryUnknown: a push would need the repository, project or namespace to exist.
        """
        scope = Scope(check_repository(repository), actions)
        if "push" in actions.split(","):
            self.store(repository, push=True).try_upload()
            return
        asked = Asked(self.endpoint.host, "tags", repository)
        try:
            self.request("GET", f"{repository}/tags/list?n=1", scope=scope, asked=asked).discard()
        except RepositoryUnknown:
            return  # nothing is there yet; pulling from it is allowed
        except ResponseError as exc:
            if exc.status not in (404, 405, 413) and exc.codes != ("UNSUPPORTED",):
                raise

    def store(self, repository: str, *, push: bool = False) -> RegistryStore:
        """One repository as an `ImageStore`.

        Args:
            push: ask for push rights from the first request on, so that a target needs one token and not two.
        """
        return RegistryStore(self, check_repository(repository), push=push)

    def list_tags(self, repository: str, *, limit: int | None = None) -> list[str]:
        """The repository's tags in the registry's order, at most `limit`.

        Raises:
            RepositoryUnknown: there is no such repository.
        """
        return list(itertools.islice(self.iterate_tags(repository), limit))

    def iterate_tags(self, repository: str, *, with_digests: bool = False) -> Iterator[str]:
        """The repository's tags in the registry's order, asked page by page as they are taken.

        Args:
            with_digests: also the tags that only carry a digest, of signatures and lists of referrers.

        Raises:
            InvalidReference: at once. The rest as the tags are taken:
            RepositoryUnknown: there is no such repository.
            EgressRefused: the list goes on on another host.
            OciError
        """
        fetch = self._lister(
            Scope(check_repository(repository)), Asked(self.endpoint.host, "tags", repository)
        )
        return iterate_tags(
            fetch, self._url(f"{repository}/tags/list"), self.transport, with_digests=with_digests
        )

    def iterate_repositories(self) -> Iterator[str]:
        """The registry's repositories in its own order, asked page by page as they are taken; at most 200,000.

        Raises, as they are taken:
            Unsupported: this registry has no catalogue.
            Unauthorized, Denied: it does not show it to this credential.
            EgressRefused: the list goes on on another host.
            OciError
        """
        fetch = self._lister(
            Scope("catalog", "*", kind="registry"), Asked(self.endpoint.host, "repositories")
        )
        return iterate_repositories(fetch, self._url("_catalog"), self.transport)

    def _lister(self, scope: Scope, asked: Asked) -> Callable[[str], Answer]:
        return lambda url: self.request(
            "GET", url, scope=scope, asked=asked, headers={"Accept": "application/json"}
        )

    def request(
        self,
        method: str,
        path: str,
        *,
        scope: Scope,
        asked: Asked,
        expect: Sequence[int] = (200,),
        headers: Mapping[str, str] | None = None,
        body: bytes | Callable[[], Body] | None = None,
        tries: int | None = None,
        read_seconds: float | None = None,
        follow: bool = True,
    ) -> Answer:
        """One call of the registry's API: logged in, tried again while that makes sense, redirects followed.

        Args:
            path: under /v2/, or a whole URL of the registry or of a host that it named.
            expect: the statuses to return; any other raises.
            tries: how often at most; None for the client's usual number.
            read_seconds: how long the answer may take, where that is not the usual time.
            follow: whether redirects are followed; otherwise they are answers with their own status.

        Raises:
            ResponseError and its kinds: an unexpected status.
            ConnectionFailed and its kinds, Cancelled.
        """
        request = Request(
            method, self._url(path), headers or {}, body, read_seconds=read_seconds, follow=follow
        )
        attempts = Attempts(self.pacer, tries=tries)
        may_renew = True
        while True:
            self._discover(attempts)
            authorization = self._authorization(request.url, scope, is_patient=tries is None)
            self.pacer.wait_turn()
            try:
                answer = self.transport.exchange(replace(request, authorization=authorization))
            except ConnectionFailed as exc:
                attempts.fail(exc)
                continue
            self._note(answer)
            if may_renew and self._renew(scope, answer, authorization):
                may_renew = False
                answer.discard()
                continue
            if answer.status in expect:
                return answer
            attempts.fail(self._failure(answer, asked))

    def sibling(self) -> "RegistryClient":
        """A client of the same registry with the same credential that no cancellation stops: for cleaning up after one."""
        return RegistryClient(
            self.endpoint, self._auth.credential, egress=self._egress, limits=self.limits
        )

    def close(self) -> None:
        """Close all connections. Open readers fail afterwards."""
        self.transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _url(self, path: str) -> str:
        return (
            path
            if path.startswith(("http://", "https://"))
            else f"{self.endpoint.base_url}/v2/{path}"
        )

    def _authorization(self, url: str, scope: Scope, *, is_patient: bool) -> Authorization | None:
        """What goes with a request to `url`: nothing, unless it is the registry's own scheme, host and port."""
        if not same_origin(url, self.endpoint.base_url):
            return None
        return self._auth.authorization(scope.texts, is_patient=is_patient)

    def _renew(self, scope: Scope, answer: Answer, authorization: Authorization | None) -> bool:
        return self._is_about_login(answer) and self._auth.renew(scope.texts, answer, authorization)

    def _is_about_login(self, answer: Answer) -> bool:
        if answer.is_foreign or not same_origin(answer.url, self.endpoint.base_url):
            return False
        return answer.status == 401 or (
            answer.status == 403
            and "insufficient_scope" in answer.headers.get("WWW-Authenticate", "")
        )

    def _failure(self, answer: Answer, asked: Asked) -> ResponseError:
        return error_from(
            answer,
            replace(
                asked,
                is_anonymous=self._auth.credential is None,
                is_known=self._auth.is_known_by_token,
                secrets=self._auth.secrets,
            ),
        )

    def _discover(self, attempts: Attempts) -> None:
        """Learn once what login the registry asks for."""
        with self._discovery:
            while not self._auth.has_learnt:
                try:
                    self._check_ping(self._ask_ping(None))
                except (ConnectionFailed, ResponseError) as exc:
                    attempts.fail(exc)

    def _ask_ping(self, authorization: Authorization | None) -> Answer:
        self.pacer.wait_turn()
        return self.transport.exchange(
            Request("GET", f"{self.endpoint.base_url}/v2/", authorization=authorization)
        )

    def _check_ping(self, answer: Answer) -> None:
        host = self.endpoint.host
        asks_for_login = (
            answer.status == 401
            and not answer.is_foreign
            and bool(answer.headers.get("WWW-Authenticate"))
        )
        if asks_for_login or (answer.status == 200 and answer.media_type != "text/html"):
            self._auth.learn(answer)
            answer.discard()
        elif answer.status == 401 and answer.is_foreign:
            answer.close()
            raise NotARegistry(
                f"{host} sends this client on to {redact_url(answer.url)}, which wants a login.",
                advice="Use that address, with its scheme, as the registry's.",
                status=401,
            )
        elif answer.status in (200, 401, 404):
            answer.close()
            raise not_a_registry(host, answer.status, answer.media_type)
        else:
            raise self._failure(answer, Asked(host, "registry"))

    def _note(self, answer: Answer) -> None:
        """Keep what the registry says beside its answer: limits, and warnings (distribution spec, "Warnings")."""
        self.request_count = next(self._request_numbers)
        limit, remaining = (
            _LEADING_NUMBER.match(answer.headers.get(f"RateLimit-{name}", ""))
            for name in ("Limit", "Remaining")
        )
        if limit and remaining:
            window = remaining[2] or limit[2]
            self.rate_limit = RateLimit(
                int(limit[1]), int(remaining[1]), int(window) if window else None
            )
        warning = _WARNING.match(answer.headers.get("Warning", ""))
        if warning and len(self.warnings) < _WARNINGS_LIMIT:
            text = redact(warning[1], self._auth.secrets)
            if text not in self.warnings:
                self.warnings = (*self.warnings, text)
