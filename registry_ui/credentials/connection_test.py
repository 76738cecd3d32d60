"""The connection test: stages from name resolution to login, run until one of them fails."""

import contextlib
import ipaddress
import ssl
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urljoin, urlsplit

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from registry_ui.egress import egress_policy
from registry_ui.jobs.scheduled_tasks import run_for_each
from registry_ui.oci.challenges import Challenge, parse_challenges
from registry_ui.oci.client import RegistryClient
from registry_ui.oci.egress import Dialer, host_and_port
from registry_ui.oci.errors import (
    ConnectionFailed,
    ConnectionTimeout,
    EgressRefused,
    HostUnknown,
    OciError,
    StoredError,
    Unauthorized,
)
from registry_ui.oci.http_messages import Request
from registry_ui.oci.socket_watch import SocketWatch
from registry_ui.oci.store import Cancellation
from registry_ui.oci.tls import context_for, explain_tls
from registry_ui.registries.models import Health, Registry

from .clients import endpoint_of
from .login_test import CHECK_LIMITS
from .models import EXPIRY_WARNING

_CHECK_AGE = timedelta(hours=1)
_CHECK_LIMIT = 20


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage of a test.

    Args:
        state: done, warning or failed; waiting if it was not reached.
        detail, advice: the texts of a stage that did not fail.
        error: why it failed.
    """

    name: str
    state: str = "waiting"
    detail: str = ""
    advice: str = ""
    error: StoredError | None = None


@dataclass(frozen=True, slots=True)
class ConnectionReport:
    stages: tuple[Stage, ...]

    @property
    def failed(self) -> Stage | None:
        return next((stage for stage in self.stages if stage.state == "failed"), None)

    @property
    def as_rows(self) -> list[dict[str, Any]]:
        return [asdict(stage) for stage in self.stages]


def check_connection(registry: Registry) -> ConnectionReport:
    """Run the stages and save the result as the registry's health. Raises nothing."""
    report = _builtin_report() if registry.is_builtin else _probe(registry)
    # A registry that is not saved yet has no row for the result.
    if registry._state.adding:
        return report

    failed = report.failed
    if failed is None:
        registry.mark_health(Health.HEALTHY, None, report.as_rows)
    else:
        registry.mark_health(Health.FAILING, failed.error, report.as_rows)
    return report


def _probe(registry: Registry) -> ConnectionReport:
    probe = _Probe(registry)
    with contextlib.closing(probe):
        return ConnectionReport(tuple(probe.run()))


def _builtin_report() -> ConnectionReport:
    return ConnectionReport(
        (Stage("registry", "done", _("It is this installation itself: nothing lies between.")),)
    )


def check_overdue_registries(*, age: timedelta = _CHECK_AGE, limit: int = _CHECK_LIMIT) -> int:
    """Test the registries whose latest test is older than `age`; return how many there were."""
    overdue = list(Registry.objects.overdue(age).select_related("team")[:limit])
    return run_for_each(overdue, _check_overdue)


def _check_overdue(registry: Registry) -> int:
    check_connection(registry)
    return 1


def stage_title(name: str) -> str:
    titles = {
        "name": _("Name"),
        "port": _("Port"),
        "proxy": _("Proxy"),
        "tls": _("Encryption"),
        "registry": _("Registry at /v2/"),
        "login": _("Login"),
    }
    return titles.get(name, name)


class _Probe:
    """The state that the stages of one test share."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self.endpoint = endpoint_of(registry)
        self.authority = urlsplit(self.endpoint.base_url).netloc
        self.host, self.port = host_and_port(self.endpoint.base_url)
        self.policy = egress_policy()
        # Closes what the stages have opened, in reverse order.
        self._cleanup = contextlib.ExitStack()

    def close(self) -> None:
        self._cleanup.close()

    def run(self) -> Iterator[Stage]:
        """Run the stages; those after a failure are waiting."""
        steps = self._steps()
        for index, (name, step) in enumerate(steps):
            try:
                stages = step(name)
            except OciError as exc:
                yield from self._explain(name, exc)
                yield from (Stage(later) for later, _step in steps[index + 1 :])
                return
            yield from stages

    def _steps(self) -> list[tuple[str, Callable[[str], list[Stage]]]]:
        checks: list[tuple[str, Callable[[str], list[Stage]]]] = [
            ("registry", self._ping),
            ("login", self._ask_login),
        ]
        # Behind a proxy the proxy resolves names and opens connections.
        if self.policy.proxy_for(self.host, self.port):
            return [("proxy", self._proxied), *checks]
        return [("port", self._connect), ("tls", self._encrypt), *checks]

    def _explain(self, name: str, exc: OciError) -> list[Stage]:
        failed = Stage(name, "failed", error=exc.stored())
        if name != "port":
            return [failed]
        # One call resolves the name and connects: with two, DNS could answer the second time with
        # an address that the egress policy does not allow (DNS rebinding).
        # A timeout without a cause is one of the name resolution.
        is_about_name = isinstance(exc, HostUnknown | EgressRefused) or (
            isinstance(exc, ConnectionTimeout) and exc.__cause__ is None
        )
        if is_about_name:
            return [Stage("name", "failed", error=exc.stored()), Stage("port")]
        return [Stage("name", "done", self._resolved(None)), failed]

    def _connect(self, name: str) -> list[Stage]:
        cancellation = Cancellation()
        watch = SocketWatch(cancellation)
        self._cleanup.callback(watch.close)
        dialer = Dialer(self.policy, self.host, self.endpoint.is_approved, watch, cancellation)
        self.sock = dialer.connect(self.host, self.port, CHECK_LIMITS.connect)
        # A lambda, because the TLS stage replaces the socket.
        self._cleanup.callback(lambda: self.sock.close())
        address = str(self.sock.getpeername()[0])
        return [
            Stage("name", "done", self._resolved(address)),
            Stage(name, "done", _("Port %(port)s accepts connections") % {"port": self.port}),
        ]

    def _resolved(self, address: str | None) -> str:
        parameters = {"host": self.host, "address": address}
        if _is_address(self.host):
            return _("An address, not a name")
        return (
            _("%(host)s has the address %(address)s") % parameters
            if address
            else _("%(host)s has an address") % parameters
        )

    def _encrypt(self, name: str) -> list[Stage]:
        if self.endpoint.scheme == "http":
            sentence = _(
                "Plain HTTP, as chosen: whoever is on the way reads the secrets and can change the "
                "images."
            )
            return [
                Stage(
                    name, "warning", sentence, _("Choose HTTPS as soon as the registry offers it.")
                )
            ]

        # `wrap_socket` waits for the handshake, and a server may never answer.
        self.sock.settimeout(CHECK_LIMITS.connect)

        try:
            secure = context_for(self.endpoint.ca_pem).wrap_socket(
                self.sock, server_hostname=self.host
            )
        # An SSLError is an OSError, so it must be caught first.
        except ssl.SSLError as exc:
            raise explain_tls(exc, self.authority) from exc
        except OSError as exc:
            raise ConnectionFailed("tls_connection_closed", location=self.authority) from exc

        self.sock = secure
        return [_certificate_stage(name, secure)]

    def _proxied(self, name: str) -> list[Stage]:
        return [Stage(name, "done", _("This installation reaches the registry through its proxy"))]

    def _ping(self, name: str) -> list[Stage]:
        # No credential: the first stages must work for everybody.
        self.client = RegistryClient(self.endpoint, egress=self.policy, limits=CHECK_LIMITS)
        self._cleanup.callback(self.client.close)
        self.client.ping()
        return [Stage(name, "done", _("A registry answers"))]

    def _ask_login(self, name: str) -> list[Stage]:
        with self.client.transport.exchange(
            Request("GET", f"{self.endpoint.base_url}/v2/")
        ) as response:
            challenges = (
                parse_challenges(response.headers.get("WWW-Authenticate", ""))
                if response.status == 401
                else []
            )

        # RFC 9110, "Authentication": a server may offer several schemes; tokens are preferred.
        bearer = next((challenge for challenge in challenges if challenge.scheme == "bearer"), None)
        if bearer is not None:
            return [self._token_stage(name, bearer)]
        if any(challenge.scheme == "basic" for challenge in challenges):
            return [Stage(name, "done", _("With username and secret at every request (Basic)"))]
        if challenges:
            # The registry sends these texts, so they are cut.
            offered = sorted({challenge.scheme[:30] for challenge in challenges})
            error = Unauthorized("login_kind_unsupported", host=self.endpoint.host, offered=offered)
            return [Stage(name, "failed", error=error.stored())]
        return [Stage(name, "done", _("It asks for none: everybody may pull, and perhaps push"))]

    def _token_stage(self, name: str, challenge: Challenge) -> Stage:
        # A relative realm is resolved against the registry's address.
        realm = urljoin(self.endpoint.base_url, challenge.parameters.get("realm", ""))
        try:
            host, _port = host_and_port(realm)
        except EgressRefused as exc:
            return Stage(name, "failed", error=exc.stored())

        parameters = {"host": host}
        # Docker's token authentication: the realm may be any host, and the registry, or
        # somebody who changes its plain HTTP, could name one that collects passwords.
        if host != self.host and not self.endpoint.is_approved(host):
            return Stage(
                name,
                "warning",
                _(
                    "With tokens from %(host)s, which is not approved: no credential will be sent "
                    "there."
                )
                % parameters,
                _(
                    "If %(host)s belongs to this registry, add it to the token servers in its "
                    "settings."
                )
                % parameters,
            )

        return Stage(name, "done", _("With tokens from %(host)s") % parameters)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _certificate_stage(name: str, secure: ssl.SSLSocket) -> Stage:
    certificate: dict[str, Any] = secure.getpeercert() or {}
    version = secure.version() or "TLS"
    # `getpeercert` returns an empty dict if the certificate was not verified.
    if "notAfter" not in certificate:
        return Stage(name, "done", version)

    expires_at = datetime.fromtimestamp(ssl.cert_time_to_seconds(certificate["notAfter"]), UTC)
    parameters = {
        "version": version.replace("v", " "),
        "date": date_format(expires_at, "DATE_FORMAT"),
    }
    if expires_at < datetime.now(UTC) + EXPIRY_WARNING:
        sentence = _("%(version)s, but the certificate ends on %(date)s") % parameters
        return Stage(
            name, "warning", sentence, _("Have the registry's administrator renew it in time.")
        )
    return Stage(name, "done", _("%(version)s, certificate valid until %(date)s") % parameters)
