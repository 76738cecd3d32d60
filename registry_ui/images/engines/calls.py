"""The calls that are made to an engine. An engine's socket is as good as root, so whatever is not listed here is never sent."""

import contextlib
import re
import socket
from collections.abc import Callable, Iterable, Iterator
from types import TracebackType
from typing import Any, Self

import docker
import requests
from django.utils.translation import gettext as _
from docker.errors import APIError, DockerException, ImageNotFound
from docker.tls import TLSConfig
from urllib3.exceptions import HTTPError

from registry_ui.environment import EngineSetting
from registry_ui.oci.client import BasicCredential
from registry_ui.oci.reference import Reference
from registry_ui.oci.store import Cancellation

from .errors import EngineFailed, EngineImageUnknown, EngineRefusedCall, EngineUnreachable, failure

_NAME = r"[^?#]+"
_ALLOWED = [
    re.compile(pattern)
    for pattern in (
        r"GET /version",
        r"GET /images/json",
        rf"GET /images/{_NAME}/json",
        rf"GET /images/{_NAME}/get",
        r"GET /containers/json",
        r"POST /images/create",
        rf"POST /images/{_NAME}/push",
        rf"POST /images/{_NAME}/tag",
        r"POST /images/load",
        rf"DELETE /images/{_NAME}",
    )
]
_VERSION = re.compile(r"^/v[0-9.]+(?=/)")
_CONNECT_SECONDS = 5
_PAGE_SECONDS = 20
# An engine that unpacks a large layer says nothing for a while.
_SILENCE_SECONDS = 600
_CHUNK = 1024 * 1024

Event = dict[str, Any]


class _ListedClient(docker.APIClient):
    """Refuses every call that is not listed, follows no redirect, and knows nothing of the logins in ~/.docker."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.answer: requests.Response | None = None
        super().__init__(*args, **kwargs)
        self._auth_configs = docker.auth.AuthConfig({})

    def request(self, method: Any, url: Any, *args: Any, **kwargs: Any) -> requests.Response:
        path = _VERSION.sub("", "/" + str(url).split("://", 1)[-1].partition("/")[2])
        call = f"{str(method).upper()} {path.partition('?')[0]}"
        if ".." in path or not any(pattern.fullmatch(call) for pattern in _ALLOWED):
            raise EngineRefusedCall(
                _("The call %(call)s is not one that is made to an engine.") % {"call": call}
            )
        seconds = _SILENCE_SECONDS if kwargs.get("stream") or method != "GET" else _PAGE_SECONDS
        self.trust_env = False
        kwargs |= {"timeout": (_CONNECT_SECONDS, seconds), "allow_redirects": False}
        self.answer = super().request(method, url, *args, **kwargs)
        return self.answer


class Engine:
    """One engine while it is asked something. Its verbs are docker's.

    Args:
        cancellation: a request to stop shuts the connection, which ends a pull or push at the engine too.

    Raises:
        EngineUnreachable: when it is entered.
    """

    def __init__(self, setting: EngineSetting, cancellation: Cancellation | None = None) -> None:
        self.name = setting.name
        self._setting = setting
        self._cancellation = cancellation or Cancellation()

    def __enter__(self) -> Self:
        with self._failures():
            self._client = _ListedClient(
                self._setting.address, version="auto", tls=self._tls() or False
            )
        self._cancellation.add_callback(self._break_off)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._cancellation.remove_callback(self._break_off)
        self._client.close()

    def images(self) -> list[dict[str, Any]]:
        with self._failures():
            return list(self._client.images())

    def inspect(self, name: str) -> dict[str, Any]:
        """
        Raises:
            EngineImageUnknown
        """
        with self._failures():
            return dict(self._client.inspect_image(name))

    def containers(self) -> list[dict[str, Any]]:
        """All of them, also those that do not run."""
        with self._failures():
            return list(self._client.containers(all=True))

    def pull(
        self, reference: Reference, *, platform: str, login: BasicCredential | None
    ) -> Iterator[Event]:
        """The engine's events, each as it comes; those that tell of a failure raise."""
        return self._events(
            lambda: self._client.pull(
                reference.name,
                tag=reference.identifier,
                stream=True,
                decode=True,
                auth_config=_auth(login),
                platform=platform or None,
            )
        )

    def push(self, reference: Reference, *, login: BasicCredential | None) -> Iterator[Event]:
        return self._events(
            lambda: self._client.push(
                reference.name,
                tag=reference.tag,
                stream=True,
                decode=True,
                auth_config=_auth(login),
            )
        )

    def tag(self, source: str, target: Reference) -> None:
        """
        Raises:
            EngineImageUnknown
        """
        with self._failures():
            self._client.tag(source, target.name, tag=target.tag)

    def remove(self, name: str) -> list[dict[str, str]]:
        """Take a name away, and the image with its last one; what went, as the engine tells it. Nothing is forced."""
        with self._failures():
            return list(self._client.remove_image(name, force=False))

    def save(self, name: str) -> Iterator[bytes]:
        """The image as `docker save` writes it."""
        with self._failures():
            for piece in self._client.get_image(name, chunk_size=_CHUNK):
                self._cancellation.check()
                yield piece

    def load(self, pieces: Iterable[bytes]) -> Iterator[Event]:
        """Take an archive as `docker load` does. A stop is heeded until its last byte is sent."""
        return self._events(
            lambda: self._client.load_image(_until_cancelled(pieces, self._cancellation))
        )

    def _events(self, call: Callable[[], Iterable[Event]]) -> Iterator[Event]:
        """
        Raises:
            EngineFailed: also for a failure that the engine tells of inside an answer of 200.
        """
        with self._failures():
            for event in call():
                self._cancellation.check()
                if not isinstance(event, dict):
                    continue
                if event.get("error"):
                    raise failure(self.name, str(event["error"]))
                yield event

    @contextlib.contextmanager
    def _failures(self) -> Iterator[None]:
        """docker-py's and requests' errors in the words of oci/errors.py; a cancelled call's as what it is."""
        try:
            yield
        except EngineFailed:
            self._cancellation.check()
            raise
        except ImageNotFound as exc:
            raise EngineImageUnknown(
                _("The engine %(engine)s has no such image: %(words)s")
                % {"engine": self.name, "words": exc.explanation},
                advice=_("Look at what it has: its list stands under Images."),
            ) from exc
        except APIError as exc:
            raise failure(self.name, str(exc.explanation or exc)) from exc
        except (DockerException, requests.RequestException, HTTPError, OSError, ValueError) as exc:
            self._cancellation.check()
            if isinstance(exc.__cause__, EngineFailed):
                raise exc.__cause__ from exc
            raise _unreachable(self.name, exc) from exc

    def _tls(self) -> TLSConfig | None:
        folder = self._setting.certificates
        if folder is None:
            return None
        return TLSConfig(
            client_cert=(str(folder / "cert.pem"), str(folder / "key.pem")),
            ca_cert=str(folder / "ca.pem"),
            verify=True,
        )

    def _break_off(self) -> None:
        """Shut the answer's socket, from the thread that was told to stop."""
        with contextlib.suppress(AttributeError, OSError):
            answer = self._client.answer
            sock: socket.socket = answer.raw._fp.fp.raw._sock  # type: ignore[union-attr]
            socket.socket.shutdown(sock, socket.SHUT_RDWR)


def _auth(login: BasicCredential | None) -> dict[str, str]:
    """Never None: docker-py would look for a login in the home folder then."""
    return {"username": login.username, "password": login.secret} if login else {}


def _until_cancelled(pieces: Iterable[bytes], cancellation: Cancellation) -> Iterator[bytes]:
    for piece in pieces:
        cancellation.check()
        yield piece


def _unreachable(name: str, exc: Exception) -> EngineUnreachable:
    words = {"engine": name}
    if isinstance(exc, requests.ReadTimeout):
        return EngineUnreachable(
            _("The engine %(engine)s says nothing any more.") % words,
            advice=_("Look whether it still runs, then retry."),
        )
    return EngineUnreachable(
        _("The engine %(engine)s does not answer.") % words,
        advice=_(
            "Its operator can check that it runs, and that Registry UI's user may open its socket or is trusted by its certificates."
        ),
    )
