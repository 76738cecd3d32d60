import json

import pytest
from django.core.cache import cache

from registry_ui.web.cache import JSONSerializer


@pytest.mark.parametrize(
    "value", [0, -3, True, False, None, "text", "12", [1.5, "é"], {"a": [1]}, 2.0]
)
def test_values_survive(redis_server, value):
    cache.set("key", value)
    kept = cache.get("key", "missing")
    assert kept == value
    assert type(kept) is type(value)


def test_redis_counts_by_itself(redis_server):
    cache.set("count", 41)
    assert cache.incr("count") == 42
    assert cache.get("count") == 42
    assert cache.decr("count", 2) == 40


def test_add_is_a_lock(redis_server):
    assert cache.add("lock", True, timeout=10)
    assert not cache.add("lock", True, timeout=10)


def test_nothing_in_redis_is_a_pickle(redis_server):
    cache.set("key", {"a": 1})
    (raw,) = [redis_server.client.get(name) for name in redis_server.client.keys("*key")]
    assert json.loads(raw) == {"a": 1}
    with pytest.raises(ValueError):
        JSONSerializer().loads(b"\x80\x04\x95\x10\x00")


def test_invalid_json_is_refused():
    with pytest.raises(TypeError):
        JSONSerializer().dumps(object())
