"""One repository of a registry as an `ImageStore` (distribution spec, "Pull", "Push")."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from .blob_download import BlobDownload
from .blob_upload import BlobUpload, UploadApi, UploadSession
from .digest import Digest
from .errors import (
    ContentMismatch,
    Denied,
    InvalidDigest,
    InvalidManifest,
    NotFound,
    OciError,
    Unauthorized,
)
from .http_messages import Response
from .manifest import ACCEPT, INDEX_TYPES, MANIFEST_LIMIT, MANIFEST_TYPES, Descriptor, Manifest
from .reference import check_tag
from .referrers import list_referrers, listed_referrers
from .registry_session import RegistrySession, TagDeletion
from .request_context import RequestContext, Subject
from .response_codes import not_a_registry
from .store import BlobReader, OpenSource
from .tag_deletion import check_deletion, delete_tag
from .token_scopes import Scope

# The spec wants 201 for a stored and 202 for a deleted manifest; registries also answer these.
_STORED = (200, 201, 202, 204)
_DELETED = (200, 202, 204)


class RegistryStore:
    """One repository through one client. Safe to use from several threads.

    Args:
        push: whether every request asks for push rights, reading ones too.
    """

    def __init__(self, client: RegistrySession, repository: str, *, push: bool = False) -> None:
        self.client = client
        self.repository = repository
        self._reading = Scope(repository, "pull,push" if push else "pull")
        self._writing = Scope(repository, "pull,push")
        self._uploads = UploadApi(client, self._writing)
        self._lock = threading.Lock()
        self._open_uploads: dict[Digest, UploadSession] = {}
        self._wants_chunks = False

    @property
    def full_name(self) -> str:
        """The registry's host and the repository, for messages."""
        return f"{self.client.endpoint.host}/{self.repository}"

    @property
    def host(self) -> str:
        """The registry as references carry it."""
        return self.client.endpoint.host

    def head_manifest(self, reference: str | Digest) -> Descriptor | None:
        """Return a manifest's descriptor without its bytes; None where there is no such manifest.

        It is fetched all the same where the answer to HEAD says too little, or HEAD is refused
        (PROTOCOL.md, "Manifests").

        Raises:
            InvalidManifest: the manifest is larger than 8 MiB, or cannot be parsed.
            OciError: as `RegistrySession.request`.
        """
        response = self.client.request(
            "HEAD",
            self._manifest_path(reference),
            scope=self._reading,
            context=self._context("manifest", str(reference)),
            expect=(200, 400, 404, 405, 501),
            headers={"Accept": ACCEPT},
        )
        response.close()
        if response.status == 404:
            return None

        descriptor = _descriptor_of(response) if response.status == 200 else None
        if descriptor is not None and reference in (descriptor.digest, str(descriptor.digest)):
            return descriptor
        # For a digest, a HEAD with another one in its header proves a faulty registry.
        if descriptor is not None and isinstance(reference, str) and ":" not in reference:
            return descriptor
        try:
            return self.get_manifest(reference).descriptor
        except NotFound:
            return None

    def get_manifest(self, reference: str | Digest) -> Manifest:
        """Return the manifest with its raw bytes (distribution spec, "Pulling manifests").

        Raises:
            ManifestUnknown: there is none.
            ContentMismatch: it was requested by digest, and another came.
            InvalidManifest: too large, malformed or of an unknown type.
            OciError: as `RegistrySession.request`.
        """
        wanted = Digest.parse(str(reference)) if ":" in str(reference) else None
        response = self.client.request(
            "GET",
            self._manifest_path(reference),
            scope=self._reading,
            context=self._context("manifest", str(reference)),
            headers={"Accept": ACCEPT},
        )
        if response.media_type == "text/html":
            response.close()
            raise not_a_registry(self.host, response.status, response.media_type)

        with self._named_errors(reference):
            raw = response.read(MANIFEST_LIMIT)
        # The bytes decide: a digest in a header proves nothing (PROTOCOL.md, "Manifests").
        if wanted is not None and Digest.of(raw, wanted.algorithm) != wanted:
            raise ContentMismatch("manifest_differs", host=self.host, digest=wanted)
        algorithm = wanted.algorithm if wanted else "sha256"
        with self._named_errors(reference):
            return Manifest.parse(raw, response.media_type, algorithm=algorithm)

    def put_manifest(self, manifest: Manifest, reference: str | Digest) -> None:
        """Store a manifest under its digest or a tag, byte for byte.

        See the distribution spec, "Pushing manifests".

        Raises:
            BlobUnknown: the registry lacks something that the manifest names.
            Denied: no right to push, an immutable tag or a full quota, as the message says.
            ContentMismatch: `reference` is another digest, or the registry stored something else.
            OciError: as `RegistrySession.request`.
        """
        if ":" in str(reference) and Digest.parse(str(reference)) != manifest.digest:
            raise ContentMismatch("manifest_digest_given", digest=manifest.digest)
        response = self.client.request(
            "PUT",
            self._manifest_path(reference),
            scope=self._writing,
            context=self._context("manifest", str(reference), is_push=True),
            expect=_STORED,
            headers={"Content-Type": manifest.media_type},
            body=manifest.raw,
            read_seconds=self.client.limits.answer,
        )
        stored = response.headers.get("Docker-Content-Digest", "")
        response.discard()

        if stored.startswith(f"{manifest.digest.algorithm}:") and stored != str(manifest.digest):
            raise ContentMismatch(
                "manifest_stored_under_another_digest", host=self.host, digest=manifest.digest
            )

    def delete_manifest(self, reference: str | Digest) -> None:
        """Delete a manifest with every tag that names it, or only a tag (if the registry can).

        See the distribution spec, "Deleting manifests" and "Deleting tags".

        Raises:
            ManifestUnknown: there is none.
            Unsupported: the registry does not delete this for its clients.
            Denied: no right to, or an immutable tag, as the message says.
            OciError: as `RegistrySession.request`.
        """
        # Some registries want `delete` in the scope (PROTOCOL.md, "Authentication").
        response = self.client.request(
            "DELETE",
            self._manifest_path(reference),
            scope=Scope(self.repository, "pull,push,delete"),
            context=self._context("manifest", str(reference), is_deletion=True),
            expect=_DELETED,
            follow=False,
        )
        response.discard()

    def check_deletion(self) -> None:
        """Check that the registry deletes by digest, by deleting a digest that does not exist.

        Raises:
            Unsupported, Denied, Unauthorized: it does not.
        """
        check_deletion(self)

    @property
    def tag_deletion(self) -> TagDeletion | None:
        """The registry's own way to delete a tag, where it has one."""
        return self.client.tag_deletion

    def delete_tag(self, tag: str) -> str:
        """Delete one tag and nothing else: other tags of the same digest stay as they are.

        Returns:
            The way it was done: `tag`, by its name; `placeholder`, by pointing it at an empty
            image of its own and deleting that.

        Raises:
            ManifestUnknown: there is no such tag.
            Unsupported: the registry can do neither; nothing was changed.
            Denied: no right to, or an immutable tag; nothing was changed.
            ResponseError: it failed half-way; the message says what became of the tag.
        """
        return delete_tag(self, check_tag(tag))

    def referrers(self, digest: Digest) -> list[Descriptor]:
        """Return the signatures, SBOMs and attestations of a manifest, at most 1,000.

        They come from the registry's API; where it has none, from the fallback tag; and always from
        the tags of cosign's older kind, whose artifact type is made up here (distribution spec,
        "Listing Referrers").

        Raises:
            Unauthorized, Denied; RateLimited, ServerFailed, ConnectionFailed.
        """
        return list_referrers(self.client, self._reading, self, digest)

    def listed_referrers(self, digest: Digest) -> list[Descriptor] | None:
        """Return the referrers that the registry's API lists; None where it has no such API."""
        return listed_referrers(self.client, self._reading, digest)

    def has_blob(self, descriptor: Descriptor) -> bool:
        """Return whether the blob is there with the promised size.

        A refusal counts as no, because some registries answer 403 for an absent blob (JFrog,
        PROTOCOL.md, "Errors and lists"). A refusal by the storage to which the registry redirected
        counts as yes, because a URL that is signed for GET is refused for HEAD.
        """
        try:
            response = self.client.request(
                "HEAD",
                self._blob_path(descriptor.digest),
                scope=self._reading,
                context=self._context("blob", str(descriptor.digest)),
                expect=(200, 204, 403, 404, 405),
            )
        except (Denied, Unauthorized):
            return False

        response.close()
        if response.status == 403:
            return response.is_foreign
        return response.status == 200 and response.length in (None, descriptor.size)

    def open_blob(self, descriptor: Descriptor, offset: int = 0) -> BlobReader:
        """Open the blob's bytes from `offset` on (distribution spec, "Pulling blobs").

        Raises:
            BlobUnknown: there is none.
            ContentMismatch: the registry announces another size.
            OciError: as `RegistrySession.request`.
        """
        return BlobDownload(
            self.client,
            self._blob_path(descriptor.digest),
            self._reading,
            self._context("blob", str(descriptor.digest)),
            descriptor,
            offset,
        )

    def write_blob(self, descriptor: Descriptor, open_source: OpenSource) -> None:
        """Send a blob, verified as it passes (distribution spec, "Pushing blobs").

        Raises:
            ContentMismatch: the source's bytes are wrong; nothing was stored.
            OciError: as the source and `RegistrySession.request` raise.
        """
        with self._lock:
            begun = self._open_uploads.pop(descriptor.digest, None)
        upload = BlobUpload(
            self._uploads,
            descriptor,
            open_source,
            has_blob=self.has_blob,
            wants_chunks=self._wants_chunks,
        )
        upload.run(begun)
        self._wants_chunks = upload.wants_chunks

    def mount_blob(self, descriptor: Descriptor, repository: str) -> bool:
        """Mount the blob from another repository of this registry.

        Returns:
            False where that did not work, for any reason. An upload that the registry began in its
            place is kept for the `write_blob` that follows.

        Raises:
            Cancelled
        """
        if repository == self.repository:
            return False
        try:
            begun = self._uploads.mount(descriptor.digest, repository)
        except OciError:
            self.client.cancellation.check()
            return False
        if begun is None:
            return True

        with self._lock:
            replaced = self._open_uploads.pop(descriptor.digest, None)
            self._open_uploads[descriptor.digest] = begun
        # Two copies may fail to mount the same blob at the same time.
        if replaced is not None:
            self._uploads.cancel(replaced)
        return False

    def try_upload(self) -> None:
        """Begin an upload and cancel it: proof of push rights that stores nothing.

        Raises:
            Unauthorized, Denied, RepositoryUnknown: there is no right to push.
        """
        self._uploads.cancel(self._uploads.start())

    @contextmanager
    def uncancellable(self) -> Iterator["RegistryStore"]:
        """Open the same repository through connections of its own that no cancellation stops."""
        with self.client.sibling() as client:
            yield RegistryStore(client, self.repository)

    def _manifest_path(self, reference: str | Digest) -> str:
        # Checked before it reaches a URL: a tag such as ../../blobs would be another path.
        if isinstance(reference, str):
            reference = str(Digest.parse(reference)) if ":" in reference else check_tag(reference)
        return f"{self.repository}/manifests/{reference}"

    def _blob_path(self, digest: Digest) -> str:
        return f"{self.repository}/blobs/{digest}"

    @contextmanager
    def _named_errors(self, reference: str | Digest) -> Iterator[None]:
        """Add the manifest's name to the message about a bad one."""
        try:
            yield
        except InvalidManifest as exc:
            separator = "@" if ":" in str(reference) else ":"
            name = f"{self.full_name}{separator}{reference}"
            raise InvalidManifest(
                "image_not_movable", host=self.host, name=name, cause=exc
            ) from exc

    def _context(
        self, subject: Subject, name: str = "", *, is_push: bool = False, is_deletion: bool = False
    ) -> RequestContext:
        return RequestContext(
            self.host, subject, self.repository, name, is_push=is_push, is_deletion=is_deletion
        )


def _descriptor_of(response: Response) -> Descriptor | None:
    """Return the descriptor that a HEAD states; None where type, size or digest is missing."""
    if response.media_type not in INDEX_TYPES | MANIFEST_TYPES or not response.length:
        return None
    if response.length > MANIFEST_LIMIT:
        raise InvalidManifest("manifest_too_large", limit_bytes=MANIFEST_LIMIT)
    # Registries may leave the digest out of a HEAD (PROTOCOL.md, "Manifests").
    try:
        digest = Digest.parse(response.headers.get("Docker-Content-Digest", ""))
    except InvalidDigest:
        return None
    return Descriptor(response.media_type, digest, response.length)
