"""An image store in memory, which records what is asked of it."""

from registry_ui.oci.digest import Digest
from registry_ui.oci.errors import BlobUnknown, ManifestUnknown
from registry_ui.oci.manifest import Descriptor, Manifest
from registry_ui.oci.store import BlobReader, OpenSource

from .bytes_readers import BytesReader, descriptor_of, read_all
from .images import BuiltManifest


class MemoryStore:
    """An `ImageStore`. `calls` are the names of the methods with a digest or tag."""

    def __init__(self, *images: BuiltManifest) -> None:
        self.manifests: dict[str, Manifest] = {}
        self.blobs: dict[Digest, bytes] = {}
        self.mountable: dict[tuple[str, Digest], bytes] = {}
        self.calls: list[tuple[str, str]] = []
        for image in images:
            for built in (*image.children, image):
                self.put_manifest(Manifest.parse(built.content, built.media_type), built.digest)
            for content in image.blobs.values():
                self.add_blob(content)
        self.calls.clear()

    def add_blob(self, content: bytes) -> Descriptor:
        descriptor = descriptor_of(content)
        self.blobs[descriptor.digest] = content
        return descriptor

    def named(self, method: str) -> list[str]:
        """Return the digests and tags that a method was called with."""
        return [name for called, name in self.calls if called == method]

    def head_manifest(self, reference: str | Digest) -> Descriptor | None:
        self.calls.append(("head_manifest", str(reference)))
        manifest = self.manifests.get(str(reference))
        return manifest.descriptor if manifest else None

    def get_manifest(self, reference: str | Digest) -> Manifest:
        self.calls.append(("get_manifest", str(reference)))
        if str(reference) not in self.manifests:
            raise ManifestUnknown(f"There is no manifest {reference}.")
        return self.manifests[str(reference)]

    def put_manifest(self, manifest: Manifest, reference: str | Digest) -> None:
        self.calls.append(("put_manifest", str(reference)))
        self.manifests[str(manifest.digest)] = self.manifests[str(reference)] = manifest

    def has_blob(self, descriptor: Descriptor) -> bool:
        self.calls.append(("has_blob", str(descriptor.digest)))
        return descriptor.digest in self.blobs

    def open_blob(self, descriptor: Descriptor, offset: int = 0) -> BlobReader:
        self.calls.append(("open_blob", str(descriptor.digest)))
        if descriptor.digest not in self.blobs:
            raise BlobUnknown(f"There is no blob {descriptor.digest}.")
        return BytesReader(self.blobs[descriptor.digest][offset:])

    def write_blob(self, descriptor: Descriptor, open_source: OpenSource) -> None:
        self.calls.append(("write_blob", str(descriptor.digest)))
        self.blobs[descriptor.digest] = read_all(open_source(0))

    def mount_blob(self, descriptor: Descriptor, repository: str) -> bool:
        self.calls.append(("mount_blob", repository))
        content = self.mountable.get((repository, descriptor.digest))
        if content is not None:
            self.blobs[descriptor.digest] = content
        return content is not None
