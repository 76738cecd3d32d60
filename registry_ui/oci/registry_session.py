"""A registry over HTTP: one host, one credential (distribution spec, "Endpoints").

The session logs in, paces and repeats requests; it knows nothing of images.
"""

import fnmatch
import itertools
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from .authenticator import Authenticator
from .basic_credential import BasicCredential
from .connections import Limits
from .digest import Digest
from .egress import Dialer, EgressPolicy
from .errors import ConnectionFailed, NotARegistry, ResponseError
from .http_messages import Authorization, Body, Request, Response
from .redaction import redact, redact_url
from .registry_login import LoginSource, SessionLogin
from .request_context import GENERAL_TEXTS, RefusalTexts, RequestContext
from .response_codes import not_a_registry
from .response_errors import error_from
from .retries import Attempts, OnPause, Pacer
from .socket_watch import SocketWatch
from .store import Cancellation
from .token_scopes import Scope
from .transport import Transport, same_origin

# Docker Hub's form: "100;w=21600", the window in seconds.
_RATE_LIMIT = re.compile(r"([0-9]{1,9})(?:\s*;\s*w=([0-9]{1,9}))?")

# Distribution spec, "Warnings": code 299, any agent, a quoted text, no date.
_WARNING = re.compile(r'299 \S+ "([^"]{1,500})"')
_WARNINGS_LIMIT = 10


TagDeletion = Callable[[str, str, Digest], bool]
"""Deletes one tag by the registry's own API, from its repository, its name and its digest.

It returns False where the API is not there or refuses; nothing was changed then.
"""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A registry's address and the trust that a person put into it.

    Args:
        host: as references carry it, with the port where there is one.
        scheme: `https`, or `http` by a person's explicit choice.
        ca_pem: one more certificate authority for this registry, in PEM.
        token_hosts: other hosts that may receive the credential: exact names, or patterns such as
            `*.example.com`.
        api_host: the host that serves /v2/, where it is not `host` itself.
        refusal_texts: the texts by which the registry says more than its codes.
    """

    host: str
    scheme: str = "https"
    ca_pem: str = ""
    token_hosts: tuple[str, ...] = ()
    api_host: str = ""
    refusal_texts: RefusalTexts = GENERAL_TEXTS

    @property
    def base_url(self) -> str:
        """The URL that /v2/ is appended to."""
        return f"{self.scheme}://{self.api_host or self.host}"

    def is_approved(self, host: str) -> bool:
        """Return whether a host other than the registry's own may receive the credential."""
        return any(
            fnmatch.fnmatchcase(host.lower(), pattern.lower()) for pattern in self.token_hosts
        )


@dataclass(frozen=True, slots=True)
class RateLimit:
    """The registry's latest statement of its limit, in requests for each `window` of seconds."""

    limit: int
    remaining: int
    window: int | None = None


class RegistrySession:
    """One registry with one credential. Safe to use from several threads.

    The threads share connections and tokens.

    Args:
        credential: None for anonymous requests; or the source of logins that expire.
        egress: the rules for addresses that may be connected to.
        cancellation: ends waiting and blocked calls with `Cancelled`.
        on_pause: called with the seconds and the reason when the session waits before a retry.
        limits: time limits and retries.

    Attributes:
        tag_deletion: the registry's own way to delete a tag, where it does not do so by the spec.
    """

    tag_deletion: TagDeletion | None = None

    def __init__(
        self,
        endpoint: Endpoint,
        credential: BasicCredential | LoginSource | SessionLogin | None = None,
        *,
        egress: EgressPolicy,
        cancellation: Cancellation | None = None,
        on_pause: OnPause | None = None,
        limits: Limits | None = None,
    ) -> None:
        self.endpoint = endpoint
        self.cancellation = cancellation or Cancellation()
        self.limits = limits or Limits()
        self.rate_limit: RateLimit | None = None
        self.warnings: tuple[str, ...] = ()
        self.request_count = 0
        self._egress = egress
        self._request_numbers = itertools.count(1)

        base_url = endpoint.base_url
        own_host = urlsplit(base_url).hostname or ""
        watch = SocketWatch(self.cancellation)
        dialer = Dialer(egress, own_host, endpoint.is_approved, watch, self.cancellation)
        self.transport = Transport(
            dialer, ca_pem=endpoint.ca_pem, limits=self.limits, cancellation=self.cancellation
        )
        self.pacer = Pacer(self.limits, self.cancellation, on_pause)

        self._discovery = threading.Lock()
        self._auth = Authenticator(
            host=endpoint.host,
            base_url=base_url,
            login=credential if isinstance(credential, SessionLogin) else SessionLogin(credential),
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
        self._check_ping(self._request_ping(None))

    def login(self) -> str:
        """Log in and prove that the registry accepts the credential. Tries once.

        Returns:
            The kind of login: `token` or `basic`; `none` where the registry asks for no login, so
            that nothing was proven.

        Raises:
            Unauthorized: the credential is refused, or the registry wants one and there is none.
            NotARegistry, Denied, EgressRefused, ConnectionFailed and its kinds.
        """
        # The ping tells which login the registry wants.
        self.ping()
        is_anonymous = self._auth.login.is_anonymous
        # Tried even where /v2/ asks for no login, so that a wrong password is noticed.
        authorization = self._auth.authorization((), is_patient=False)
        if authorization is None:
            authorization = self._auth.basic_authorization()

        response = self._request_ping(authorization)
        if response.status != 200 or response.is_foreign:
            context = RequestContext(
                self.endpoint.host,
                "login",
                is_anonymous=is_anonymous,
                secrets=self._auth.secrets,
            )
            raise error_from(response, context)
        response.discard()
        return self._auth.kind

    def request(
        self,
        method: str,
        path: str,
        *,
        scope: Scope,
        context: RequestContext,
        expect: Sequence[int] = (200,),
        headers: Mapping[str, str] | None = None,
        body: bytes | Callable[[], Body] | None = None,
        tries: int | None = None,
        read_seconds: float | None = None,
        follow: bool = True,
    ) -> Response:
        """Call the registry's API: logged in, and repeated while that can help.

        Args:
            path: under /v2/, or a whole URL of the registry or of a host that it named.
            scope: the rights that a token must give.
            context: the request in the terms of error messages.
            expect: the statuses to return; any other raises.
            tries: the most requests; None for the session's usual number.
            read_seconds: the time for the response, where that is not the usual one.
            follow: whether redirects are followed; else they are responses with their own status.

        Raises:
            ResponseError for an unexpected status, ConnectionFailed, and their kinds; Cancelled.
        """
        request = Request(
            method, self.url(path), headers or {}, body, read_seconds=read_seconds, follow=follow
        )
        attempts = Attempts(self.pacer, tries=tries)
        may_renew = True
        while True:
            self._discover(attempts)
            authorization = self._authorization(request.url, scope, is_patient=tries is None)
            try:
                response = self._exchange(replace(request, authorization=authorization))
            except ConnectionFailed as exc:
                attempts.fail(exc)
                continue

            # Once only: some services issue tokens without rights to everybody, without end.
            if may_renew and self._renew(scope, response, authorization):
                may_renew = False
                response.discard()
                continue
            if response.status in expect:
                return response
            attempts.fail(self._failure(response, context))

    def url(self, path: str) -> str:
        """Return the URL of a path under /v2/; a whole URL unchanged."""
        if path.startswith(("http://", "https://")):
            return path
        return f"{self.endpoint.base_url}/v2/{path}"

    def sibling(self) -> Self:
        """Return a session with the same registry and credential that no cancellation stops.

        It is for cleaning up after a cancelled operation.
        """
        # The login is shared, so that it is not exchanged once more.
        return type(self)(self.endpoint, self._auth.login, egress=self._egress, limits=self.limits)

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

    def _exchange(self, request: Request) -> Response:
        self.pacer.wait_turn()
        response = self.transport.exchange(request)
        self._record(response)
        return response

    def _authorization(self, url: str, scope: Scope, *, is_patient: bool) -> Authorization | None:
        """Return the header for a request: none, unless it goes to the registry's own origin."""
        # Uploads and blobs may be elsewhere, and their URLs carry their own signature.
        if not same_origin(url, self.endpoint.base_url):
            return None
        return self._auth.authorization(scope.texts, is_patient=is_patient)

    def _renew(self, scope: Scope, response: Response, authorization: Authorization | None) -> bool:
        """Return whether the request may succeed with a new token."""
        is_own = not response.is_foreign and same_origin(response.url, self.endpoint.base_url)
        if not is_own:
            return False

        # RFC 6750, "Error Codes": a token with too few rights may be refused with 403.
        challenge = response.headers.get("WWW-Authenticate", "")
        lacks_scope = response.status == 403 and "insufficient_scope" in challenge
        if response.status != 401 and not lacks_scope:
            return False
        return self._auth.renew(scope.texts, response, authorization)

    def _failure(self, response: Response, context: RequestContext) -> ResponseError:
        complete = replace(
            context,
            is_anonymous=self._auth.login.is_anonymous,
            is_known=self._auth.is_known_by_token,
            secrets=self._auth.secrets,
            texts=self.endpoint.refusal_texts,
        )
        return error_from(response, complete)

    def _discover(self, attempts: Attempts) -> None:
        """Ask once for the login that the registry wants, by a request without any."""
        with self._discovery:
            # Under a lock: concurrent first requests would each ask.
            while not self._auth.has_challenges:
                try:
                    self._check_ping(self._request_ping(None))
                except (ConnectionFailed, ResponseError) as exc:
                    attempts.fail(exc)

    def _request_ping(self, authorization: Authorization | None) -> Response:
        self.pacer.wait_turn()
        return self.transport.exchange(
            Request("GET", f"{self.endpoint.base_url}/v2/", authorization=authorization)
        )

    def _check_ping(self, response: Response) -> None:
        """Accept a registry's answer to /v2/ (distribution spec, "Determining Support")."""
        host = self.endpoint.host
        asks_for_login = (
            response.status == 401
            and not response.is_foreign
            and bool(response.headers.get("WWW-Authenticate"))
        )

        # A web page with status 200 is the commonest wrong address.
        if asks_for_login or (response.status == 200 and response.media_type != "text/html"):
            self._auth.record_challenges(response)
            response.discard()
        elif response.status == 401 and response.is_foreign:
            response.close()
            raise NotARegistry(
                "redirected_to_login", status=401, host=host, url=redact_url(response.url)
            )
        elif response.status in (200, 401, 404):
            response.close()
            raise not_a_registry(host, response.status, response.media_type)
        else:
            raise self._failure(response, RequestContext(host, "registry"))

    def _record(self, response: Response) -> None:
        """Record the limits and warnings of a response (distribution spec, "Warnings")."""
        self.request_count = next(self._request_numbers)

        limit, remaining = (
            _RATE_LIMIT.match(response.headers.get(f"RateLimit-{name}", ""))
            for name in ("Limit", "Remaining")
        )
        if limit and remaining:
            window = remaining[2] or limit[2]
            seconds = int(window) if window else None
            self.rate_limit = RateLimit(int(limit[1]), int(remaining[1]), seconds)

        warning = _WARNING.match(response.headers.get("Warning", ""))
        if warning and len(self.warnings) < _WARNINGS_LIMIT:
            text = redact(warning[1], self._auth.secrets)
            # Registries repeat a warning with every response.
            if text not in self.warnings:
                self.warnings = (*self.warnings, text)
