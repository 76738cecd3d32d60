"""A provider's own API beside /v2/: JSON, asked through the connections, limits and egress rules of a registry's client."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from .errors import ConnectionFailed, InvalidManifest, Unsupported
from .listing import PAGE_LIMIT
from .pacing import Attempts
from .responses import Asked, error_from
from .transport import Answer, Authorization, Request

if TYPE_CHECKING:
    from .client import RegistryClient

_JSON = {"Accept": "application/json"}


@dataclass(frozen=True, slots=True)
class Document:
    """One answer: its JSON, and what is needed to find the next page."""

    content: Any
    answer: Answer


class JsonApi:
    """One API. What goes with its requests is given here and goes to `base_url`'s host alone.

    Args:
        base_url: scheme, host and path that every path below is appended to.
        authorization: None for an anonymous visitor.
        secrets: texts that no message may carry.
    """

    def __init__(
        self,
        client: "RegistryClient",
        base_url: str,
        *,
        authorization: Authorization | None = None,
        secrets: tuple[str, ...] = (),
    ) -> None:
        self.client = client
        self.base_url = base_url.rstrip("/")
        self._authorization = authorization
        self._asked = Asked(
            client.endpoint.host,
            "repositories",
            is_anonymous=authorization is None,
            secrets=secrets,
        )

    def get(self, target: str) -> Document:
        """
        Args:
            target: a path under `base_url`, or the URL of a further page there, checked by `following_page`.

        Raises:
            ResponseError and its kinds: another status than 200.
            Unsupported: no JSON, or another host answers.
            InvalidManifest: more than 8 MiB.
            ConnectionFailed and its kinds, Cancelled.
        """
        url = target if target.startswith(("http://", "https://")) else self.base_url + target
        return self._document(
            self._exchange(Request("GET", url, _JSON, authorization=self._authorization))
        )

    def post(self, path: str, content: Mapping[str, str]) -> Document:
        """Send JSON, to this host and no other: a redirect is not followed.

        Raises:
            As `get`.
        """
        headers = {**_JSON, "Content-Type": "application/json"}
        request = Request(
            "POST", self.base_url + path, headers, json.dumps(content).encode(), follow=False
        )
        asked = replace(
            self._asked,
            subject="login",
            is_anonymous=False,
            secrets=(*self._asked.secrets, *content.values()),
        )
        return self._document(self._exchange(request, asked))

    def _exchange(self, request: Request, asked: Asked | None = None) -> Answer:
        attempts = Attempts(self.client.pacer)
        while True:
            self.client.pacer.wait_turn()
            try:
                answer = self.client.transport.exchange(request)
            except ConnectionFailed as exc:
                attempts.fail(exc)
                continue
            if answer.status == 200:
                return answer
            attempts.fail(error_from(answer, asked or self._asked))

    def _document(self, answer: Answer) -> Document:
        if answer.is_foreign or answer.media_type == "text/html":
            answer.close()
            raise self._stranger(answer)
        try:
            return Document(json.loads(answer.read(PAGE_LIMIT)), answer)
        except InvalidManifest:
            raise
        except (ValueError, RecursionError) as exc:
            raise self._stranger(answer) from exc

    def _stranger(self, answer: Answer) -> Unsupported:
        return Unsupported(
            f"{answer.place} does not answer as the API of {self.client.endpoint.host} does.",
            status=answer.status,
        )
