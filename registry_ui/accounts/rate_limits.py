"""Rate limits, counted in the cache.

Where Redis is down, nothing is refused: a limit must not take the whole installation down.
"""

from django.core.cache import cache
from redis.exceptions import RedisError


def count_this_minute(key: str) -> int:
    """Count one more call for the key and return the count of the last minute."""
    try:
        # `add` starts the minute; `incr` keeps the key's expiry.
        if cache.add(key, 1, 60):
            return 1
        return cache.incr(key)
    # ValueError: the key expired between `add` and `incr`.
    except (RedisError, ValueError):
        return 1


def is_first_this_minute(key: str) -> bool:
    try:
        return cache.add(key, 1, 60)
    except RedisError:
        return False
