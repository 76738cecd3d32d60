"""Signatures, attestations and SBOMs of images.

They are found by cosign's tags, by fallback tags and by the referrers API.
"""

import json
from collections.abc import Iterable, Sequence

from registry_ui.oci.digest import Digest
from registry_ui.oci.errors import NotFound, OciError
from registry_ui.oci.manifest import OCI_INDEX, Descriptor, Manifest
from registry_ui.oci.name_lists import is_digest_tag
from registry_ui.oci.referrers import fallback_tag
from registry_ui.oci.registry_store import RegistryStore
from registry_ui.oci.store import ImageStore

from .repository_pairs import RepositoryPair


def subject_digest(tag: str) -> str:
    """Return the digest that a tag such as sha256-….sig refers to."""
    algorithm, _dash, rest = tag.partition("-")
    return f"{algorithm}:{rest.partition('.')[0]}"


def is_fallback_tag(tag: str) -> bool:
    """Return whether a tag names a list of referrers, to which many clients add."""
    return "." not in tag and is_digest_tag(tag)


def referrer_tags(pair: RepositoryPair, subjects: Iterable[str]) -> list[str]:
    """Return the pair's digest tags that refer to some digests."""
    digests = set(subjects)
    return [tag for tag in pair.digest_tags if subject_digest(tag) in digests]


def list_referrers(store: RegistryStore, subject: str) -> list[Descriptor] | None:
    """Return the referrers by the registry's API; None where it has none."""
    return store.listed_referrers(Digest.parse(subject))


def includes_all(present: Manifest, expected: Manifest) -> bool:
    """Return whether one list of referrers includes all of another."""
    return {child.digest for child in expected.children} <= {
        child.digest for child in present.children
    }


def merge_indexes(source: Manifest, target: Manifest) -> Manifest:
    """Return one list of referrers with the entries of both."""
    document = json.loads(source.raw)
    source_digests = {child.digest for child in source.children}
    target_entries = json.loads(target.raw)["manifests"]

    # Other clients may have added entries, which stay (distribution spec, "Referrers tag schema").
    document["manifests"] += [
        entry for entry in target_entries if Digest.parse(entry["digest"]) not in source_digests
    ]
    return Manifest.parse(json.dumps(document, separators=(",", ":")).encode(), source.media_type)


def update_fallback_tag(target: ImageStore, subject: str, referrers: Sequence[Descriptor]) -> None:
    """Add referrers to the list under the fallback tag of a subject."""
    # Distribution spec, "Referrers tag schema".
    tag = fallback_tag(Digest.parse(subject))
    entries = [_entry(descriptor) for descriptor in referrers]
    index = Manifest.parse(
        json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": entries}).encode(),
        OCI_INDEX,
    )

    # Another client may have created the list meanwhile.
    try:
        present = target.get_manifest(tag)
    except NotFound:
        target.put_manifest(index, tag)
        return

    if not includes_all(present, index):
        target.put_manifest(merge_indexes(index, present), tag)


def has_referrers_api(store: RegistryStore, subject: str) -> bool:
    try:
        return list_referrers(store, subject) is not None
    except OciError:
        return False


def _entry(descriptor: Descriptor) -> dict[str, object]:
    entry: dict[str, object] = {
        "mediaType": descriptor.media_type,
        "digest": str(descriptor.digest),
        "size": descriptor.size,
    }

    # The OCI image spec omits empty members of a descriptor.
    if descriptor.artifact_type:
        entry["artifactType"] = descriptor.artifact_type
    return (
        {**entry, "annotations": dict(descriptor.annotations)} if descriptor.annotations else entry
    )
