from concurrent.futures import ThreadPoolExecutor

import pytest

from registry_ui.oci.digest import Digest
from registry_ui.oci.errors import Cancelled, ServerFailed
from registry_ui.oci.manifest import OCI_MANIFEST, Descriptor
from registry_ui.web.errors import describe
from tests.parts.index_rows import digest_of
from transfers.mirrors.models import ItemState, MirrorItem, VerificationResult
from transfers.mirrors.run.verification import verify

ONE, TWO = digest_of("one"), digest_of("two")


class Store:
    def __init__(self, digest):
        self.digest = digest

    def head_manifest(self, reference):
        if isinstance(self.digest, Exception):
            raise self.digest
        if self.digest is None:
            return None
        return Descriptor(OCI_MANIFEST, Digest.parse(self.digest), 1)


class Endpoints:
    """Both sides of a run, each with one digest for every tag."""

    def __init__(self, source, target):
        self.sides = Store(source), Store(target)

    def source(self, repository):
        return self.sides[0]

    def target(self, repository):
        return self.sides[1]


class ItemStore:
    def __init__(self):
        self.changed = []

    def mark_changed(self, item):
        self.changed.append(item)


def verified(source, target, checkpoint=lambda: None):
    item = MirrorItem(
        tag="1", state=ItemState.DONE, source_digest=ONE, copied_digest=ONE, error=None
    )
    store = ItemStore()
    with ThreadPoolExecutor(2) as pool:
        verify([item], Endpoints(source, target), store, pool, checkpoint)
    assert store.changed == [item]
    return item


@pytest.mark.parametrize(
    ("source", "target", "result", "state"),
    [
        (ONE, ONE, VerificationResult.EQUAL, ItemState.DONE),
        # A push to the source during the run is no failure of the copy.
        (TWO, ONE, VerificationResult.OUTDATED, ItemState.DONE),
        (None, ONE, VerificationResult.OUTDATED, ItemState.DONE),
        (ONE, TWO, VerificationResult.DIFFERS, ItemState.FAILED),
        (ONE, None, VerificationResult.MISSING, ItemState.FAILED),
    ],
)
def test_both_sides_are_compared_with_what_was_copied(source, target, result, state):
    item = verified(source, target)

    assert (item.verification, item.state) == (result, state)
    if state == ItemState.FAILED:
        assert item.error["kind"] == "NotVerified"
        assert describe(item.error).sentence


def test_a_side_that_does_not_answer_is_a_failure_with_its_cause():
    item = verified(ONE, ServerFailed("server_failed", host="h", status=503))

    assert (item.state, item.error["kind"]) == (ItemState.FAILED, "ServerFailed")


def test_a_cancelled_request_is_no_failed_verification():
    item = MirrorItem(tag="1", state=ItemState.DONE, source_digest=ONE, copied_digest=ONE)
    endpoints, store = Endpoints(ONE, Cancelled("cancelled")), ItemStore()

    with ThreadPoolExecutor(2) as pool, pytest.raises(Cancelled):
        verify([item], endpoints, store, pool, lambda: None)

    assert (item.state, item.error, store.changed) == (ItemState.DONE, None, [])


def test_a_cancellation_ends_it():
    def cancelled():
        raise Cancelled("cancelled")

    with pytest.raises(Cancelled):
        verified(ONE, ONE, checkpoint=cancelled)
