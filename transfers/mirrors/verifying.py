"""After the work: HEAD on both sides again, and the digests compared."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed

from django.utils.translation import gettext as _

from registry_ui.oci.errors import OciError

from ..models import ItemState, MirrorItem, Verdict
from .ends import Ends
from .ledger import Ledger, describe


def verify(
    items: Sequence[MirrorItem],
    ends: Ends,
    ledger: Ledger,
    pool: ThreadPoolExecutor,
    tick: Callable[[], None],
) -> None:
    """Say of each tag that was moved whether both sides are alike now; one that is not has failed.

    Raises:
        Cancelled
    """
    futures = [pool.submit(_verify, item, ends) for item in items]
    try:
        for future in as_completed(futures):
            ledger.touch(future.result())
            tick()
    except BaseException:
        for future in futures:
            future.cancel()
        raise


def _verify(item: MirrorItem, ends: Ends) -> MirrorItem:
    try:
        source = ends.source(item.source_repository).head_manifest(item.tag)
        target = ends.target(item.target_repository).head_manifest(item.tag)
    except OciError as exc:
        item.state, item.error = ItemState.FAILED, describe(exc)
        return item
    if target is None:
        _fault(item, Verdict.MISSING)
    elif str(target.digest) != item.copied_digest:
        _fault(item, Verdict.DIFFERS)
    else:
        item.verified = (
            Verdict.EQUAL
            if source is not None and str(source.digest) == item.source_digest
            else Verdict.MOVED
        )
    return item


def _fault(item: MirrorItem, verdict: Verdict) -> None:
    item.verified, item.state = verdict, ItemState.FAILED
    item.error = {
        "kind": "NotVerified",
        "message": _("Copied, but afterwards: %(verdict)s.") % {"verdict": verdict.label},
        "advice": _(
            "Somebody else writes to this tag of the target, or the registry loses what it accepts. Retry what failed."
        ),
    }
