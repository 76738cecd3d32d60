"""What refers to a manifest: signatures, SBOMs, attestations (distribution spec, "Listing Referrers")."""

import contextlib
import json
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

from .digest import Digest
from .errors import (
    ContentMismatch,
    Denied,
    InvalidManifest,
    NotFound,
    RateLimited,
    ResponseError,
    Unauthorized,
)
from .listing import next_link
from .manifest import MANIFEST_LIMIT, OCI_INDEX, Descriptor, Manifest
from .responses import Asked

if TYPE_CHECKING:
    from .registry_store import RegistryStore

REFERRERS_LIMIT = 1000
CHECKED_LIMIT = 50
_PAGES_LIMIT = 100
_THREADS = 6
# cosign names a signature, attestation or SBOM sha256-<hex>.<suffix> where it does not use `subject`.
COSIGN_SUFFIXES = ("sig", "att", "sbom")
_COSIGN_TYPE = "application/vnd.dev.cosign.artifact.{suffix}.v1+json"


def list_referrers(store: "RegistryStore", digest: Digest) -> list[Descriptor]:
    """See `RegistryStore.referrers`."""
    found = listed_referrers(store, digest)
    if found is None:
        found = _tagged(store, digest)
    by_digest = {
        each.digest: each for each in (*_signed(store, digest), *found) if each.digest != digest
    }
    return list(by_digest.values())[:REFERRERS_LIMIT]


def fallback_tag(digest: Digest) -> str:
    """The tag under which clients keep the list where the registry does not (distribution spec, "Referrers Tag Schema")."""
    return f"{digest.algorithm}-{digest.hex[:64]}"


def listed_referrers(store: "RegistryStore", digest: Digest) -> list[Descriptor] | None:
    """By the registry's own list; None where it has none: only 200 with an OCI index counts, GHCR sends to a web page."""
    found: list[Descriptor] = []
    visited: set[str] = set()
    following: str | None = f"{store.repository}/referrers/{digest}"
    while (
        following is not None
        and following not in visited
        and len(visited) < _PAGES_LIMIT
        and len(found) < REFERRERS_LIMIT
    ):
        is_first = not visited
        visited.add(following)
        try:
            page, following = _page(store, following)
        except RateLimited:
            raise
        except (ResponseError, InvalidManifest):
            return None if is_first else found
        found += page
    return found


def _page(store: "RegistryStore", path: str) -> tuple[list[Descriptor], str | None]:
    answer = store.client.request(
        "GET",
        path,
        scope=store.reading_scope,
        asked=Asked(store.client.endpoint.host, "manifest", store.repository),
        headers={"Accept": OCI_INDEX},
        tries=2,
        follow=False,
    )
    if answer.media_type != OCI_INDEX:
        answer.close()
        raise InvalidManifest(f"{answer.place} does not answer with a list of referrers.")
    following = next_link(answer, store.client.transport)
    return list(_descriptors(answer.read(MANIFEST_LIMIT))), following


def _descriptors(body: bytes) -> Iterable[Descriptor]:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as exc:
        raise InvalidManifest("The list of referrers is not JSON.") from exc
    entries = document.get("manifests") if isinstance(document, dict) else None
    if not isinstance(entries, list):
        raise InvalidManifest("The list of referrers is no index.")
    for entry in entries[:REFERRERS_LIMIT]:
        with contextlib.suppress(InvalidManifest, ContentMismatch):
            yield Descriptor.from_document(entry)


def _tagged(store: "RegistryStore", digest: Digest) -> list[Descriptor]:
    """By the fallback tag, as far as its index names what has this subject: any tag may be called so.

    GitLab even takes the tag for the digest itself.
    """
    try:
        index = store.get_manifest(fallback_tag(digest))
    except (NotFound, InvalidManifest):
        return []
    if index.media_type != OCI_INDEX or index.digest == digest:
        return []
    children = list({child.digest: child for child in index.children}.values())[:REFERRERS_LIMIT]
    with ThreadPoolExecutor(_THREADS) as pool:
        checked = list(
            pool.map(lambda child: _with_subject(store, child, digest), children[:CHECKED_LIMIT])
        )
    found = [child for child in checked if child is not None]
    return found + children[CHECKED_LIMIT:] if len(found) == len(checked) else found


def _with_subject(store: "RegistryStore", child: Descriptor, digest: Digest) -> Descriptor | None:
    """The descriptor with what its manifest says of itself; None where that is about something else, or not there."""
    try:
        manifest = store.get_manifest(child.digest)
    except (NotFound, InvalidManifest, ContentMismatch):
        return None
    if manifest.subject is None or manifest.subject.digest != digest:
        return None
    annotations = manifest.annotations or child.annotations
    return replace(
        child,
        artifact_type=_artifact_type(manifest) or child.artifact_type,
        annotations=annotations,
    )


def _artifact_type(manifest: Manifest) -> str:
    return manifest.artifact_type or (
        manifest.config.media_type if manifest.config is not None else ""
    )


def _signed(store: "RegistryStore", digest: Digest) -> list[Descriptor]:
    with ThreadPoolExecutor(len(COSIGN_SUFFIXES)) as pool:
        found = pool.map(lambda suffix: _cosigned(store, digest, suffix), COSIGN_SUFFIXES)
        return [each for each in found if each is not None]


def _cosigned(store: "RegistryStore", digest: Digest, suffix: str) -> Descriptor | None:
    """What stands under one of cosign's tags. Some registries answer 403 for what is absent."""
    try:
        descriptor = store.head_manifest(f"{fallback_tag(digest)}.{suffix}")
    except (Denied, Unauthorized, InvalidManifest):
        return None
    return (
        replace(descriptor, artifact_type=_COSIGN_TYPE.format(suffix=suffix))
        if descriptor is not None
        else None
    )
