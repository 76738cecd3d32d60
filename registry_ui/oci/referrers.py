"""The referrers of a manifest: signatures, SBOMs, attestations.

See the distribution spec, "Listing Referrers" and "Referrers Tag Schema".
"""

import contextlib
import json
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

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
from .manifest import MANIFEST_LIMIT, OCI_INDEX, Descriptor, Manifest
from .name_lists import next_link
from .registry_session import RegistrySession
from .request_context import RequestContext
from .store import ImageStore
from .token_scopes import Scope

REFERRERS_LIMIT = 1000
CHECKED_LIMIT = 50
"""Entries of a fallback index whose manifests are fetched to check their subject."""

# Real images have a few dozen referrers.
_PAGES_LIMIT = 100
_THREADS = 6
# cosign's older kind of artifact has no `subject`, but a tag of the form sha256-<hex>.<suffix>.
COSIGN_SUFFIXES = ("sig", "att", "sbom")
_COSIGN_TYPE = "application/vnd.dev.cosign.artifact.{suffix}.v1+json"


def list_referrers(
    session: RegistrySession, scope: Scope, store: ImageStore, digest: Digest
) -> list[Descriptor]:
    """Return the referrers of a manifest, each once. See `RegistryStore.referrers`.

    Args:
        scope: the right to pull from the repository.
        store: the same repository.
    """
    referrers = listed_referrers(session, scope, digest)
    if referrers is None:
        referrers = _fallback_referrers(store, digest)

    # The API's entries win over cosign's tags: they carry the artifact's own type.
    candidates = (*_cosign_artifacts(store, digest), *referrers)
    by_digest = {entry.digest: entry for entry in candidates if entry.digest != digest}
    return list(by_digest.values())[:REFERRERS_LIMIT]


def fallback_tag(digest: Digest) -> str:
    """Return the tag of a manifest's referrers index where the registry has no referrers API.

    See the distribution spec, "Referrers Tag Schema": the algorithm, `-`, and 64 hex digits at
    most.
    """
    return f"{digest.algorithm}-{digest.hex[:64]}"


def listed_referrers(
    session: RegistrySession, scope: Scope, digest: Digest
) -> list[Descriptor] | None:
    """Return the referrers by the registry's API, page by page; None where it has no such API.

    Only 200 with an OCI index counts as one: GHCR redirects this path to a web page (PROTOCOL.md).

    Raises:
        RateLimited, ConnectionFailed, Cancelled.
    """
    referrers: list[Descriptor] = []
    visited: set[str] = set()
    following: str | None = f"{scope.repository}/referrers/{digest}"

    # A registry may link its pages in a circle or without end.
    while (
        following is not None
        and following not in visited
        and len(visited) < _PAGES_LIMIT
        and len(referrers) < REFERRERS_LIMIT
    ):
        is_first = not visited
        visited.add(following)
        try:
            page, following = _page(session, scope, following)
        except RateLimited:
            raise
        except (ResponseError, InvalidManifest):
            return None if is_first else referrers
        referrers += page
    return referrers


def _page(session: RegistrySession, scope: Scope, path: str) -> tuple[list[Descriptor], str | None]:
    response = session.request(
        "GET",
        path,
        scope=scope,
        context=RequestContext(session.endpoint.host, "manifest", scope.repository),
        headers={"Accept": OCI_INDEX},
        tries=2,
        follow=False,
    )

    if response.media_type != OCI_INDEX:
        response.close()
        raise InvalidManifest("not_a_referrer_list", host=response.host)
    following = next_link(response, session.transport)
    return list(_descriptors(response.read(MANIFEST_LIMIT))), following


def _descriptors(body: bytes) -> Iterable[Descriptor]:
    """Yield the entries of an index, without those that are malformed."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as exc:
        raise InvalidManifest("referrer_list_not_json") from exc
    entries = document.get("manifests") if isinstance(document, dict) else None
    if not isinstance(entries, list):
        raise InvalidManifest("referrer_list_not_index")

    # One malformed entry must not hide the signatures beside it.
    for entry in entries[:REFERRERS_LIMIT]:
        with contextlib.suppress(InvalidManifest, ContentMismatch):
            yield Descriptor.from_document(entry)


def _fallback_referrers(store: ImageStore, digest: Digest) -> list[Descriptor]:
    """Return the referrers that the index under the fallback tag names.

    Any tag may have that name, so the entries must have the manifest as their subject. GitLab even
    resolves the tag to the digest itself (PROTOCOL.md, "Providers").
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
    valid = [child for child in checked if child is not None]
    # The entries beyond the limit are believed only where all checked ones were right.
    return valid + children[CHECKED_LIMIT:] if len(valid) == len(checked) else valid


def _with_subject(store: ImageStore, child: Descriptor, digest: Digest) -> Descriptor | None:
    """Return the descriptor with its manifest's type and annotations; None if not a referrer."""
    try:
        manifest = store.get_manifest(child.digest)
    except (NotFound, InvalidManifest, ContentMismatch):
        return None
    if manifest.subject is None or manifest.subject.digest != digest:
        return None
    return replace(
        child,
        artifact_type=_artifact_type(manifest) or child.artifact_type,
        annotations=manifest.annotations or child.annotations,
    )


def _artifact_type(manifest: Manifest) -> str:
    """Return the type that a referrers API would state: the config's where none is set."""
    config_type = manifest.config.media_type if manifest.config is not None else ""
    return manifest.artifact_type or config_type


def _cosign_artifacts(store: ImageStore, digest: Digest) -> list[Descriptor]:
    with ThreadPoolExecutor(len(COSIGN_SUFFIXES)) as pool:
        artifacts = pool.map(
            lambda suffix: _cosign_artifact(store, digest, suffix), COSIGN_SUFFIXES
        )
        return [artifact for artifact in artifacts if artifact is not None]


def _cosign_artifact(store: ImageStore, digest: Digest, suffix: str) -> Descriptor | None:
    """Return the manifest under one of cosign's tags; None where there is none."""
    try:
        descriptor = store.head_manifest(f"{fallback_tag(digest)}.{suffix}")
    except (Denied, Unauthorized, InvalidManifest):
        # Some registries answer 403 for an absent manifest (PROTOCOL.md, "Errors and lists").
        return None
    if descriptor is None:
        return None
    return replace(descriptor, artifact_type=_COSIGN_TYPE.format(suffix=suffix))
