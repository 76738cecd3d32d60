"""What belongs to an image without being it: signatures, attestations, SBOMs, by cosign's tags, by fallback tags and by the API."""

import json
from collections.abc import Iterable, Sequence

from registry_ui.oci.digest import Digest
from registry_ui.oci.errors import NotFound, OciError
from registry_ui.oci.listing import is_digest_tag
from registry_ui.oci.manifest import OCI_INDEX, Descriptor, Manifest
from registry_ui.oci.referrers import fallback_tag
from registry_ui.oci.registry_store import RegistryStore
from registry_ui.oci.store import ImageStore

from .listing import Pair


def subject_of(tag: str) -> str:
    """The digest that a tag such as sha256-….sig is about."""
    algorithm, _dash, rest = tag.partition("-")
    return f"{algorithm}:{rest.partition('.')[0]}"


def is_fallback(tag: str) -> bool:
    """Whether it is the tag of a list of referrers, to which everybody adds."""
    return "." not in tag and is_digest_tag(tag)


def tags_about(pair: Pair, subjects: Iterable[str]) -> list[str]:
    """The pair's digest tags that are about some digests."""
    wanted = set(subjects)
    return [tag for tag in pair.digest_tags if subject_of(tag) in wanted]


def referrers_of(store: RegistryStore, subject: str) -> list[Descriptor] | None:
    """By the registry's API; None where it has none."""
    return store.listed_referrers(Digest.parse(subject))


def includes(present: Manifest, wanted: Manifest) -> bool:
    """Whether one list of referrers names all that another does."""
    return {child.digest for child in wanted.children} <= {
        child.digest for child in present.children
    }


def merged(source: Manifest, target: Manifest) -> Manifest:
    """Both lists of referrers in one, as anybody who adds to such a list writes it."""
    document = json.loads(source.raw)
    named = {child.digest for child in source.children}
    theirs = json.loads(target.raw)["manifests"]
    document["manifests"] += [
        entry for entry in theirs if Digest.parse(entry["digest"]) not in named
    ]
    return Manifest.parse(json.dumps(document, separators=(",", ":")).encode(), source.media_type)


def keep_list(target: ImageStore, subject: str, found: Sequence[Descriptor]) -> None:
    """Where the target has no API: name the referrers in the list under the fallback tag, beside those that are there."""
    tag = fallback_tag(Digest.parse(subject))
    entries = [_entry(each) for each in found]
    listed = Manifest.parse(
        json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": entries}).encode(),
        OCI_INDEX,
    )
    try:
        present = target.get_manifest(tag)
    except NotFound:
        target.put_manifest(listed, tag)
        return
    if not includes(present, listed):
        target.put_manifest(merged(listed, present), tag)


def lists_referrers(store: RegistryStore, subject: str) -> bool:
    try:
        return referrers_of(store, subject) is not None
    except OciError:
        return False


def _entry(found: Descriptor) -> dict[str, object]:
    entry: dict[str, object] = {
        "mediaType": found.media_type,
        "digest": str(found.digest),
        "size": found.size,
    }
    if found.artifact_type:
        entry["artifactType"] = found.artifact_type
    return {**entry, "annotations": dict(found.annotations)} if found.annotations else entry
