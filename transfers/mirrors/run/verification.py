"""The verification after the copy: HEAD on both sides, digests compared."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed

from registry_ui.oci.errors import Cancelled, OciError

from ..models import ItemState, MirrorItem, VerificationResult
from .endpoints import Endpoints
from .item_store import ItemStore


def verify(
    items: Sequence[MirrorItem],
    endpoints: Endpoints,
    item_store: ItemStore,
    pool: ThreadPoolExecutor,
    checkpoint: Callable[[], None],
) -> None:
    """Record for each copied tag whether both sides are equal; a mismatch is a failure.

    Raises:
        Cancelled
    """
    # Two HEAD requests per tag, on the idle pool of the comparison.
    futures = [pool.submit(_verify, item, endpoints) for item in items]
    try:
        for future in as_completed(futures):
            item_store.mark_changed(future.result())
            checkpoint()
    except BaseException:
        # Without this, closing the pool would wait for every queued request.
        for future in futures:
            future.cancel()
        raise


def _verify(item: MirrorItem, endpoints: Endpoints) -> MirrorItem:
    try:
        source = endpoints.source(item.source_repository).head_manifest(item.tag)
        target = endpoints.target(item.target_repository).head_manifest(item.tag)
    except Cancelled:
        # The tag was copied; only its verification was stopped.
        raise
    except OciError as exc:
        item.state, item.error = ItemState.FAILED, exc.stored()
        return item

    if target is None:
        _mark_mismatch(item, VerificationResult.MISSING)
    elif str(target.digest) != item.copied_digest:
        _mark_mismatch(item, VerificationResult.DIFFERS)
    else:
        # A push to the source during the run is no failure of the copy.
        item.verification = (
            VerificationResult.EQUAL
            if source is not None and str(source.digest) == item.source_digest
            else VerificationResult.OUTDATED
        )

    return item


def _mark_mismatch(item: MirrorItem, result: VerificationResult) -> None:
    item.verification, item.state = result, ItemState.FAILED
    code = (
        "copy_missing_afterwards"
        if result is VerificationResult.MISSING
        else "copy_differs_afterwards"
    )
    item.error = {"kind": "NotVerified", "code": code, "parameters": {}}
