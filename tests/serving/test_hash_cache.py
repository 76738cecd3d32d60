"""Hash states of unfinished uploads: used once, for the right offset, in bounded number."""

import hashlib
import uuid

from registry_ui.serving.hash_cache import _MAX_HASHERS, HashCache

KEY = uuid.UUID(int=1)


def test_a_state_continues_where_it_ended_and_only_once():
    cache = HashCache()
    cache.store(KEY, 3, hashlib.sha256(b"abc"))

    hasher = cache.pop(KEY, 3)
    hasher.update(b"def")

    assert hasher.hexdigest() == hashlib.sha256(b"abcdef").hexdigest()
    assert cache.pop(KEY, 3) is None


def test_another_offset_has_no_state():
    cache = HashCache()
    cache.store(KEY, 3, hashlib.sha256(b"abc"))

    assert cache.pop(KEY, 2) is None


def test_an_empty_upload_begins_anew():
    cache = HashCache()
    cache.store(KEY, 3, hashlib.sha256(b"abc"))

    assert cache.pop(KEY, 0).hexdigest() == hashlib.sha256().hexdigest()


def test_the_oldest_is_forgotten():
    cache = HashCache()
    keys = [uuid.UUID(int=number) for number in range(1, _MAX_HASHERS + 2)]
    for key in keys:
        cache.store(key, 1, hashlib.sha256(b"a"))

    assert cache.pop(keys[0], 1) is None
    assert cache.pop(keys[1], 1) is not None
