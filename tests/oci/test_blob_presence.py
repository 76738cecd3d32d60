"""The blobs that copies to one target know of, claim and forget."""

import threading

from registry_ui.oci.blob_presence import BlobPresence
from registry_ui.oci.digest import Digest

ONE, TWO = Digest.of(b"1"), Digest.of(b"2")


def test_a_known_blob_is_offered_to_other_repositories_only():
    presence = BlobPresence([("a", str(ONE)), ("b", str(ONE))])

    assert presence.contains("a", ONE)
    assert not presence.contains("c", ONE)
    assert presence.other_repositories("a", ONE) == ["b"]
    assert presence.other_repositories("c", ONE) == ["a", "b"]
    assert presence.other_repositories("a", TWO) == []


def test_at_most_three_repositories_are_offered():
    presence = BlobPresence([(name, str(ONE)) for name in "abcde"])

    assert presence.other_repositories("a", ONE) == ["b", "c", "d"]


def test_a_new_repository_has_only_what_was_added():
    presence = BlobPresence(empty=["new"])
    presence.add("new", ONE)

    assert not presence.is_absent("new", ONE)
    assert presence.is_absent("new", TWO)
    assert not presence.is_absent("old", TWO)


def test_a_forgotten_blob_is_looked_up_again():
    presence = BlobPresence(empty=["new"])
    presence.add("new", ONE)

    presence.invalidate("new", [ONE, TWO])

    assert not presence.contains("new", ONE)
    assert presence.other_repositories("other", ONE) == []
    assert not presence.is_absent("new", ONE)
    assert not presence.is_absent("new", TWO)


def test_changes_are_drained_once():
    presence = BlobPresence([("a", str(ONE))])
    presence.add("a", ONE)
    presence.add("a", TWO)
    presence.invalidate("a", [ONE])

    assert presence.drain() == ([("a", str(TWO))], [("a", str(ONE))])
    assert presence.drain() == ([], [])


def test_a_second_claim_waits_for_the_release():
    presence = BlobPresence()
    assert presence.claim(ONE) is None
    other = presence.claim(ONE)

    assert other is not None
    assert not other.done()
    threading.Timer(0.05, presence.release, [ONE]).start()
    other.result(timeout=5)
    assert presence.claim(ONE) is None


def test_a_release_without_a_claim_changes_nothing():
    presence = BlobPresence()
    presence.release(ONE)

    assert presence.claim(ONE) is None
