"""API calls to an engine.

Access to an engine's socket is as powerful as root, so only the listed calls are ever sent.
"""

import contextlib
import re
from collections.abc import Callable, Iterable, Iterator
from types import TracebackType
from typing import Any, Self

import docker
import requests
from docker.errors import APIError, DockerException, ImageNotFound
from docker.tls import TLSConfig
from urllib3.exceptions import HTTPError

from registry_ui.environment import EngineSetting
from registry_ui.oci.client import BasicCredential
from registry_ui.oci.reference import Reference
from registry_ui.oci.store import Cancellation

from .errors import (
    EngineFailed,
    EngineImageUnknown,
    EngineRefusedCall,
    EngineUnreachable,
    engine_failure,
)

_NAME = r"[^?#]+"
# The calls that this program makes, as METHOD PATH without the API version.
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
# An engine that unpacks a large layer sends no event for a while.
_SILENCE_SECONDS = 600
_CHUNK = 1024 * 1024

Event = dict[str, Any]


class _RestrictedClient(docker.APIClient):
    """A client that refuses calls which are not listed.

    It follows no redirect and never reads the logins in ~/.docker.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.answer: requests.Response | None = None
        super().__init__(*args, **kwargs)

        # docker-py would read ~/.docker/config.json.
        self._auth_configs = docker.auth.AuthConfig({})

    def request(self, method: Any, url: Any, *args: Any, **kwargs: Any) -> requests.Response:
        # docker-py's own version prefix, /v1.47 for example, is not a part of the listed calls.
        path = _VERSION.sub("", "/" + str(url).split("://", 1)[-1].partition("/")[2])
        call = f"{str(method).upper()} {path.partition('?')[0]}"
        if ".." in path or not any(pattern.fullmatch(call) for pattern in _ALLOWED):
            raise EngineRefusedCall("engine_call_refused", call=call)

        # docker-py sets one timeout for all calls, but a page must not wait as long as a pull.
        seconds = _SILENCE_SECONDS if kwargs.get("stream") or method != "GET" else _PAGE_SECONDS
        self.trust_env = False
        kwargs |= {"timeout": (_CONNECT_SECONDS, seconds), "allow_redirects": False}
        self.answer = super().request(method, url, *args, **kwargs)

        return self.answer


class Engine:
    """A connection to one engine. Its methods are docker's commands.

    Args:
        cancellation: closes the connection, which also stops a pull or push at the engine.

    Raises:
        EngineUnreachable: when it is entered.
    """

    def __init__(self, setting: EngineSetting, cancellation: Cancellation | None = None) -> None:
        self.name = setting.name
        self._setting = setting
        self._cancellation = cancellation or Cancellation()

    def __enter__(self) -> Self:
        with self._translated_errors():
            self._client = _RestrictedClient(
                # The engine's own API version is used, so old engines work, too.
                self._setting.address,
                version="auto",
                tls=self._tls() or False,
            )
        self._cancellation.add_callback(self._abort)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._cancellation.remove_callback(self._abort)
        self._client.close()

    def images(self) -> list[dict[str, Any]]:
        with self._translated_errors():
            return list(self._client.images())

    def inspect(self, name: str) -> dict[str, Any]:
        """Return the engine's description of an image.

        Raises:
            EngineImageUnknown
        """
        with self._translated_errors():
            return dict(self._client.inspect_image(name))

    def containers(self) -> list[dict[str, Any]]:
        """Return all containers, stopped ones included."""
        with self._translated_errors():
            return list(self._client.containers(all=True))

    def pull(
        self, reference: Reference, *, platform: str, login: BasicCredential | None
    ) -> Iterator[Event]:
        """Pull an image and yield the engine's events; a failure event raises."""
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
        """Give an image another name.

        Raises:
            EngineImageUnknown
        """
        with self._translated_errors():
            self._client.tag(source, target.name, tag=target.tag)

    def remove(self, name: str) -> list[dict[str, str]]:
        """Remove a name, and the image with its last one; return what was removed.

        Nothing is forced.
        """
        with self._translated_errors():
            return list(self._client.remove_image(name, force=False))

    def save(self, name: str) -> Iterator[bytes]:
        """Yield the archive of an image, as `docker save` writes it."""
        with self._translated_errors():
            for chunk in self._client.get_image(name, chunk_size=_CHUNK):
                self._cancellation.check()
                yield chunk

    def load(self, chunks: Iterable[bytes]) -> Iterator[Event]:
        """Load an archive, as `docker load` does.

        It can be cancelled until its last byte is sent.
        """
        return self._events(
            lambda: self._client.load_image(_until_cancelled(chunks, self._cancellation))
        )

    def _events(self, call: Callable[[], Iterable[Event]]) -> Iterator[Event]:
        """Yield the events of a call.

        Raises:
            EngineFailed: also for a failure inside an answer with status 200.
        """
        with self._translated_errors():
            for event in call():
                self._cancellation.check()
                if not isinstance(event, dict):
                    continue

                # The engine sends its status before it knows the result, so errors come as events
                # (Docker Engine API, "ImageCreate").
                if event.get("error"):
                    raise engine_failure(self.name, str(event["error"]))
                yield event

    @contextlib.contextmanager
    def _translated_errors(self) -> Iterator[None]:
        """Turn errors of docker-py and requests into those of oci/errors.py.

        Raises:
            Cancelled: in place of the error that a cancelled call ends with.
        """
        try:
            yield
        except EngineFailed:
            # A cancelled call fails with any error; `check` raises Cancelled instead.
            self._cancellation.check()
            raise
        except ImageNotFound as exc:
            raise EngineImageUnknown(
                "engine_image_unknown", engine=self.name, quote=exc.explanation
            ) from exc
        except APIError as exc:
            raise engine_failure(self.name, str(exc.explanation or exc)) from exc
        except (DockerException, requests.RequestException, HTTPError, OSError, ValueError) as exc:
            self._cancellation.check()

            # docker-py wraps every error of its version request (`version="auto"`).
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

    def _abort(self) -> None:
        """Shut down the socket of the running call, from the cancelling thread."""
        answer = self._client.answer
        # urllib3 raises RuntimeError where the answer was read to its end, and ValueError without
        # a socket. A close alone would not wake the reading thread.
        with contextlib.suppress(OSError, RuntimeError, ValueError):
            if answer is not None:
                answer.raw.shutdown()


def _auth(login: BasicCredential | None) -> dict[str, str]:
    """Return the login; never None, as docker-py would then search the home folder."""
    return {"username": login.username, "password": login.secret} if login else {}


def _until_cancelled(chunks: Iterable[bytes], cancellation: Cancellation) -> Iterator[bytes]:
    for chunk in chunks:
        cancellation.check()
        yield chunk


def _unreachable(name: str, exc: Exception) -> EngineUnreachable:
    if isinstance(exc, requests.ReadTimeout):
        return EngineUnreachable("engine_silent", engine=name)

    return EngineUnreachable("engine_unreachable", engine=name)
