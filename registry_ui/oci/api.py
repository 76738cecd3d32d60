"""A provider's own API beside /v2/: JSON, through the connections of a registry's client."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from .errors import ConnectionFailed, InvalidManifest, Unsupported
from .http_messages import Authorization, Request, Response
from .name_lists import PAGE_LIMIT
from .registry_session import RegistrySession
from .request_context import RequestContext
from .response_errors import error_from
from .retries import Attempts

_JSON = {"Accept": "application/json"}


@dataclass(frozen=True, slots=True)
class Document:
    """One answer: its JSON, and the response that may name the next page."""

    content: Any
    response: Response


class JsonApi:
    """One API. Its authorization goes to the host of `base_url` alone.

    Args:
        base_url: scheme, host and path that every path below is appended to.
        authorization: None for anonymous requests.
        secrets: texts that no message may carry.
    """

    def __init__(
        self,
        client: RegistrySession,
        base_url: str,
        *,
        authorization: Authorization | None = None,
        secrets: tuple[str, ...] = (),
    ) -> None:
        self.client = client
        self.base_url = base_url.rstrip("/")

        self._authorization = authorization
        self._context = RequestContext(
            client.endpoint.host,
            "repositories",
            is_anonymous=authorization is None,
            secrets=secrets,
            texts=client.endpoint.refusal_texts,
        )

    def get(self, target: str) -> Document:
        """Return one document.

        Args:
            target: a path under `base_url`, or the URL of a further page, checked by
                `following_page`.

        Raises:
            ResponseError and its kinds: another status than 200.
            Unsupported: no JSON, or another host answers.
            InvalidManifest: more than 8 MiB.
            ConnectionFailed and its kinds, Cancelled.
        """
        # A further page is a whole URL, which `following_page` has compared with this API's host.
        url = target if target.startswith(("http://", "https://")) else self.base_url + target
        return self._document(
            self._exchange(Request("GET", url, _JSON, authorization=self._authorization))
        )

    def post(self, path: str, content: Mapping[str, str]) -> Document:
        """Send JSON to this host and no other: a redirect is not followed.

        Raises:
            OciError: as `get`.
        """
        headers = {**_JSON, "Content-Type": "application/json"}
        request = Request(
            "POST", self.base_url + path, headers, json.dumps(content).encode(), follow=False
        )
        # The answer to a refused login may repeat the secret that was sent.
        context = replace(
            self._context,
            subject="login",
            is_anonymous=False,
            secrets=(*self._context.secrets, *content.values()),
        )
        return self._document(self._exchange(request, context))

    def delete(self, path: str) -> None:
        """Delete what a path names, on this host and no other: a redirect is not followed.

        Raises:
            OciError: as `get`.
        """
        request = Request(
            "DELETE",
            self.base_url + path,
            _JSON,
            authorization=self._authorization,
            follow=False,
        )
        self._exchange(request, replace(self._context, is_deletion=True)).discard()

    def _exchange(self, request: Request, context: RequestContext | None = None) -> Response:
        # The registry's own pauses count: both are mostly the same servers.
        attempts = Attempts(self.client.pacer)
        while True:
            self.client.pacer.wait_turn()
            try:
                response = self.client.transport.exchange(request)
            except ConnectionFailed as exc:
                attempts.fail(exc)
                continue

            if response.status == 200:
                return response
            attempts.fail(error_from(response, context or self._context))

    def _document(self, response: Response) -> Document:
        # A sign-in page or another host's answer is not the API, whatever its status.
        if response.is_foreign or response.media_type == "text/html":
            response.close()
            raise self._wrong_answer(response)
        try:
            return Document(json.loads(response.read(PAGE_LIMIT)), response)
        except InvalidManifest:
            raise
        # A body of brackets alone exhausts the parser's recursion.
        except (ValueError, RecursionError) as exc:
            raise self._wrong_answer(response) from exc

    def _wrong_answer(self, response: Response) -> Unsupported:
        return Unsupported(
            "not_the_api",
            status=response.status,
            host=response.host,
            registry=self.client.endpoint.host,
        )
