"""One repository of a registry as an `ImageStore` (distribution spec, "Pull", "Push", "Content Management")."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .auth import Scope
from .blobs import BlobDownload
from .deletion import check_deletion, delete_tag
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
from .manifest import ACCEPT, INDEX_TYPES, MANIFEST_LIMIT, MANIFEST_TYPES, Descriptor, Manifest
from .reference import check_tag
from .referrers import list_referrers, listed_referrers
from .responses import Asked, Subject, not_a_registry
from .store import BlobReader, OpenSource
from .transport import Answer
from .uploads import BlobUpload, UploadSession, give_up, start_upload

if TYPE_CHECKING:
    from .client import RegistryClient

_STORED = (200, 201, 202, 204)
_DELETED = (200, 202, 204)


@dataclass(frozen=True, slots=True)
class _Names:
    """The paths of one repository under /v2/."""

    repository: str

    def manifest(self, reference: str | Digest) -> str:
        return f"{self.repository}/manifests/{reference if isinstance(reference, Digest) else _checked(reference)}"

    def blob(self, digest: Digest) -> str:
        return f"{self.repository}/blobs/{digest}"


def _checked(reference: str) -> str:
    return str(Digest.parse(reference)) if ":" in reference else check_tag(reference)


class RegistryStore:
    """One repository through one client. Safe to use from several threads.

    Args:
        push: whether every request asks for push rights, reading ones too.
    """

    def __init__(self, client: "RegistryClient", repository: str, *, push: bool = False) -> None:
        self.client = client
        self.repository = repository
        self._names = _Names(repository)
        self._reading = Scope(repository, "pull,push" if push else "pull")
        self._writing = Scope(repository, "pull,push")
        self._lock = threading.Lock()
        self._begun: dict[Digest, UploadSession] = {}
        self._wants_chunks = False

    def head_manifest(self, reference: str | Digest) -> Descriptor | None:
        """The descriptor of a manifest without fetching it; fetched all the same where the registry's HEAD says too little."""
        answer = self.client.request(
            "HEAD",
            self._names.manifest(reference),
            scope=self._reading,
            asked=self._asked("manifest", str(reference)),
            expect=(200, 400, 404, 405, 501),
            headers={"Accept": ACCEPT},
        )
        answer.close()
        if answer.status == 404:
            return None
        descriptor = _descriptor_of(answer) if answer.status == 200 else None
        if descriptor is not None and reference in (descriptor.digest, str(descriptor.digest)):
            return descriptor
        if descriptor is not None and isinstance(reference, str) and ":" not in reference:
            return descriptor
        try:
            return self.get_manifest(reference).descriptor
        except NotFound:
            return None

    def get_manifest(self, reference: str | Digest) -> Manifest:
        """The manifest with its raw bytes.

        Raises:
            ManifestUnknown: there is none.
            ContentMismatch: it was asked for by digest, and another came.
            InvalidManifest: too large, malformed or of an unknown type.
        """
        wanted = Digest.parse(str(reference)) if ":" in str(reference) else None
        answer = self.client.request(
            "GET",
            self._names.manifest(reference),
            scope=self._reading,
            asked=self._asked("manifest", str(reference)),
            headers={"Accept": ACCEPT},
        )
        if answer.media_type == "text/html":
            answer.close()
            raise not_a_registry(self.client.endpoint.host, answer.status, answer.media_type)
        with self._naming(reference):
            raw = answer.read(MANIFEST_LIMIT)
        if wanted is not None and Digest.of(raw, wanted.algorithm) != wanted:
            raise ContentMismatch(
                f"{self.client.endpoint.host} was asked for the manifest {wanted.short} and sent another.",
                advice="Do not trust this answer; if a cache or proxy lies between, empty it.",
            )
        with self._naming(reference):
            return Manifest.parse(
                raw, answer.media_type, algorithm=wanted.algorithm if wanted else "sha256"
            )

    def put_manifest(self, manifest: Manifest, reference: str | Digest) -> None:
        """Store a manifest under its digest or a tag, byte for byte.

        Raises:
            BlobUnknown: the registry lacks something that the manifest names.
            Denied: no right to push, an immutable tag or a full quota, as the message says.
            ContentMismatch: `reference` is another digest, or the registry stored something else.
        """
        if ":" in str(reference) and Digest.parse(str(reference)) != manifest.digest:
            raise ContentMismatch(
                f"The manifest {manifest.digest.short} cannot be stored under another digest."
            )
        answer = self.client.request(
            "PUT",
            self._names.manifest(reference),
            scope=self._writing,
            asked=self._asked("manifest", str(reference), is_push=True),
            expect=_STORED,
            headers={"Content-Type": manifest.media_type},
            body=manifest.raw,
            read_seconds=self.client.limits.answer,
        )
        stored = answer.headers.get("Docker-Content-Digest", "")
        answer.discard()
        if stored.startswith(f"{manifest.digest.algorithm}:") and stored != str(manifest.digest):
            raise ContentMismatch(
                f"{self.client.endpoint.host} stored the manifest {manifest.digest.short} under another digest.",
                advice="The registry changes manifests; tell its administrator.",
            )

    def delete_manifest(self, reference: str | Digest) -> None:
        """Delete a manifest with every tag that names it; or, given a tag, that tag where the registry does that.

        Raises:
            ManifestUnknown: there is none.
            Unsupported: the registry does not delete this for its clients.
            Denied: no right to, or an immutable tag, as the message says.
        """
        answer = self.client.request(
            "DELETE",
            self._names.manifest(reference),
            scope=Scope(self.repository, "pull,push,delete"),
            asked=self._asked("manifest", str(reference), is_deletion=True),
            expect=_DELETED,
            follow=False,
        )
        answer.discard()

    def check_deletion(self) -> None:
        """Find out whether the registry deletes by digest at all, by asking it to delete what nobody has.

        Raises:
            Unsupported, Denied, Unauthorized: no.
        """
        check_deletion(self)

    def delete_tag(self, tag: str) -> str:
        """Delete one tag and nothing else: other tags of the same digest stay as they are.

        Returns:
            How: `tag`, by its name; `placeholder`, by pointing it at an empty image of its own and deleting that.

        Raises:
            ManifestUnknown: there is no such tag.
            Unsupported: the registry can do neither; nothing was changed.
            Denied: no right to, or an immutable tag; nothing was changed.
            ResponseError: it failed half-way; the message says what became of the tag.
        """
        return delete_tag(self, check_tag(tag))

    def referrers(self, digest: Digest) -> list[Descriptor]:
        """What refers to a manifest: signatures, SBOMs, attestations; at most 1,000 (distribution spec, "Listing Referrers").

        By the registry's API; where it has none, by the fallback tag; and always by the tags of cosign's older kind, whose
        artifact type is made here.

        Raises:
            Unauthorized, Denied; RateLimited, ServerFailed, ConnectionFailed.
        """
        return list_referrers(self, digest)

    def listed_referrers(self, digest: Digest) -> list[Descriptor] | None:
        """As `referrers`, by the registry's API alone; None where it has none."""
        return listed_referrers(self, digest)

    def has_blob(self, descriptor: Descriptor) -> bool:
        """Whether the blob is there with the promised size.

        A refusal counts as no, because some registries answer so for what is absent; but one by a storage to which the
        registry redirected counts as yes, because a URL signed for GET is refused for HEAD.
        """
        try:
            answer = self.client.request(
                "HEAD",
                self._names.blob(descriptor.digest),
                scope=self._reading,
                asked=self._asked("blob", str(descriptor.digest)),
                expect=(200, 204, 403, 404, 405),
            )
        except (Denied, Unauthorized):
            return False
        answer.close()
        if answer.status == 403:
            return answer.is_foreign
        return answer.status == 200 and answer.length in (None, descriptor.size)

    def open_blob(self, descriptor: Descriptor, offset: int = 0) -> BlobReader:
        """The blob's bytes from `offset` on; a cut connection is resumed where it broke.

        Raises:
            BlobUnknown: there is none.
            ContentMismatch: the registry announces another size than the descriptor.
        """
        path = self._names.blob(descriptor.digest)
        return BlobDownload(
            self.client,
            path,
            self._reading,
            self._asked("blob", str(descriptor.digest)),
            descriptor,
            offset,
        )

    def write_blob(self, descriptor: Descriptor, open_source: OpenSource) -> None:
        """Upload a blob, hashing it while it passes; the last bytes are never sent of one that turns out wrong.

        Raises:
            ContentMismatch: the source's bytes are not what the descriptor names; the registry keeps nothing.
            Denied, RepositoryUnknown and other kinds of ResponseError: the registry refuses.
        """
        with self._lock:
            session = self._begun.pop(descriptor.digest, None)
        upload = BlobUpload(self, descriptor, open_source, wants_chunks=self._wants_chunks)
        upload.run(session)
        self._wants_chunks = upload.wants_chunks

    def mount_blob(self, descriptor: Descriptor, repository: str) -> bool:
        """Take the blob from another repository of this registry; False where that did not work, whatever the reason.

        An upload that the registry begins instead is kept for the `write_blob` that follows.
        """
        if repository == self.repository:
            return False
        scope = Scope(self.repository, "pull,push", mounted_from=repository)
        try:
            answered = start_upload(self, scope, mount=descriptor.digest, tries=1)
        except OciError:
            self.client.cancellation.check()
            return False
        if answered is None:
            return True
        with self._lock:
            replaced = self._begun.pop(descriptor.digest, None)
            self._begun[descriptor.digest] = answered
        if replaced is not None:
            give_up(self, replaced)
        return False

    def try_upload(self) -> None:
        """Begin an upload and give it up: proof of push rights that stores nothing.

        Raises:
            Unauthorized, Denied, RepositoryUnknown: no.
        """
        session = start_upload(self, self._writing)
        if session is not None:
            give_up(self, session)

    @property
    def reading_scope(self) -> Scope:
        """What a token for reading here must allow."""
        return self._reading

    @property
    def writing_scope(self) -> Scope:
        """What a token for pushing here must allow."""
        return self._writing

    @contextmanager
    def _naming(self, reference: str | Digest) -> Iterator[None]:
        """Says of a bad manifest which one it is."""
        try:
            yield
        except InvalidManifest as exc:
            name = f"{self.client.endpoint.host}/{self.repository}{'@' if ':' in str(reference) else ':'}{reference}"
            raise InvalidManifest(
                f"{name} is not an image that can be moved. {exc.message}", advice=exc.advice
            ) from exc

    def _asked(
        self, subject: Subject, name: str = "", *, is_push: bool = False, is_deletion: bool = False
    ) -> Asked:
        return Asked(
            self.client.endpoint.host,
            subject,
            self.repository,
            name,
            is_push=is_push,
            is_deletion=is_deletion,
        )


def _descriptor_of(answer: Answer) -> Descriptor | None:
    """What a HEAD says; None where it leaves out type, size or digest."""
    if answer.media_type not in INDEX_TYPES | MANIFEST_TYPES or not answer.length:
        return None
    if answer.length > MANIFEST_LIMIT:
        raise InvalidManifest(
            f"The manifest is larger than {MANIFEST_LIMIT // 1024 // 1024} MiB.",
            advice="Such a manifest is not moved.",
        )
    try:
        digest = Digest.parse(answer.headers.get("Docker-Content-Digest", ""))
    except InvalidDigest:
        return None
    return Descriptor(answer.media_type, digest, answer.length)
