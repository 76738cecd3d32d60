"""Requests to /v2/ with an API token, without a server."""

import base64
import json
from datetime import timedelta
from typing import Any

from django.test import Client
from django.utils import timezone

from registry_ui.accounts.models import Scope
from registry_ui.accounts.tokens import service
from tests.parts.images import OCI_MANIFEST, BuiltManifest, digest_of

EMPTY = b"{}"
EMPTY_TYPE = "application/vnd.oci.empty.v1+json"


def secret_of(user, scope=Scope.ADMIN, team=None, *, is_robot=False) -> str:
    expires_at = timezone.now() + timedelta(days=1)
    return service.create_token(
        by=user, name="ci", scope=scope, team=team, expires_at=expires_at, is_robot=is_robot
    )[1]


def basic(username: str, secret: str) -> str:
    return "Basic " + base64.b64encode(f"{username}:{secret}".encode()).decode()


class Calls:
    """A client of /v2/: `calls("GET", "/v2/…")`.

    The methods push whole objects and return the last answer.
    """

    def __init__(self, authorization: str = "") -> None:
        self.client = Client()
        self.authorization = authorization

    def __call__(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        *,
        content_type: str = "application/octet-stream",
        **headers: Any,
    ) -> Any:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.authorization:
            sent.setdefault("Authorization", self.authorization)
        return self.client.generic(method, path, body, content_type=content_type, headers=sent)

    def push_blob(self, name: str, content: bytes, digest: str = "") -> Any:
        return self(
            "POST", f"/v2/{name}/blobs/uploads/?digest={digest or digest_of(content)}", content
        )

    def put_manifest(
        self, name: str, reference: str, content: bytes, media_type: str = OCI_MANIFEST
    ) -> Any:
        return self("PUT", f"/v2/{name}/manifests/{reference}", content, content_type=media_type)

    def push(self, name: str, tag: str, built: BuiltManifest) -> Any:
        for digest, content in built.blobs.items():
            assert self.push_blob(name, content, digest).status_code == 201
        for child in built.children:
            assert (
                self.put_manifest(name, child.digest, child.content, child.media_type).status_code
                == 201
            )
        answer = self.put_manifest(name, tag, built.content, built.media_type)
        assert answer.status_code == 201, answer.content
        return answer

    def push_artifact(
        self,
        name: str,
        reference: str = "",
        *,
        artifact_type: str = "",
        subject: Any = None,
        **more: Any,
    ) -> tuple[bytes, Any]:
        """Push an artifact with the empty config, as ORAS and cosign create them.

        It is pushed by digest where no tag is given.
        """
        self.push_blob(name, EMPTY)
        descriptor = {"mediaType": EMPTY_TYPE, "digest": digest_of(EMPTY), "size": len(EMPTY)}
        document = {
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "config": descriptor,
            "layers": [descriptor],
            **more,
        }
        document |= {"artifactType": artifact_type} if artifact_type else {}
        document |= {"subject": subject} if subject else {}
        content = json.dumps(document).encode()

        return content, self.put_manifest(name, reference or digest_of(content), content)


def codes(answer: Any) -> list[str]:
    return [error["code"] for error in json.loads(answer.content)["errors"]]


def content_of(answer: Any) -> bytes:
    return b"".join(answer.streaming_content) if answer.streaming else answer.content
