"""How often something may happen or be written down, counted in the cache. Where that does not answer, nothing is refused."""

from django.core.cache import cache
from redis.exceptions import RedisError


def count_this_minute(key: str) -> int:
    """How many times this was asked with the key in the last minute, this time included."""
    try:
        if cache.add(key, 1, 60):
            return 1
        return cache.incr(key)
    except (RedisError, ValueError):
        return 1


def is_first_this_minute(key: str) -> bool:
    try:
        return cache.add(key, 1, 60)
    except RedisError:
        return False
