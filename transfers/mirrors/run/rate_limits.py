"""Limits of a registry that all workers share: concurrent requests and bytes per second.

A run holds a lease in Redis for a number of slots and renews it every second. The leases of
one registry never exceed its limit together. A later run waits until the earlier ones have
released what exceeds their fair share. The lease of a dead worker expires after some seconds.
"""

import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from types import TracebackType
from typing import Any, Self

import django_rq
from django.conf import settings
from redis.exceptions import RedisError

from registry_ui.oci.digest import Digest
from registry_ui.oci.errors import ServerFailed
from registry_ui.oci.manifest import Descriptor, Manifest
from registry_ui.oci.registry_store import RegistryStore
from registry_ui.oci.store import BlobReader, Cancellation, ImageStore, OpenSource
from registry_ui.registries.models import Registry

LEASE_SECONDS = 8.0
_RENEW_SECONDS = 1.0
_WAIT_SECONDS = 0.05
_REDIS_TIMEOUT_SECONDS = 60.0

# One hash per host: lease → "team expiry held". A lease asks for its fair share: the cap divided
# by the teams, then by the team's leases. Redis runs a script without interruption, so two workers
# never grant the same slot.
_LEASE_SCRIPT = """
local now = tonumber(redis.call('TIME')[1])
local key, me, team = KEYS[1], ARGV[1], ARGV[2]
local cap, used, ttl = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local teams, ours, others, count = {}, 0, 0, 0
local rows = redis.call('HGETALL', key)
for i = 1, #rows, 2 do
  local other, expiry, held = string.match(rows[i + 1], '^(%S+) (%S+) (%S+)$')
  if tonumber(expiry) < now then
    redis.call('HDEL', key, rows[i])
  elseif rows[i] ~= me then
    others = others + tonumber(held)
    if other == team then ours = ours + 1 end
    if not teams[other] then teams[other] = true count = count + 1 end
  end
end
if not teams[team] then count = count + 1 end
local fair = math.max(1, math.floor(cap / count / (ours + 1)))
local granted = math.max(0, math.min(fair, cap - others))
-- What is still in use above the new share stays counted until it is released.
redis.call('HSET', key, me, team .. ' ' .. (now + ttl) .. ' ' .. math.max(used, granted))
redis.call('PEXPIRE', key, math.floor(ttl * 2000))
return {granted, count * (ours + 1)}
"""


class RateLimiter:
    """The share of one registry's limits that one run may use.

    Without a limit it admits everything and does not ask Redis.
    """

    def __init__(
        self,
        host: str,
        team: int,
        cancellation: Cancellation,
        *,
        slots: int = 0,
        bytes_per_second: int = 0,
    ) -> None:
        self._key = f"mirror-caps:{host}"
        self._team = str(team)
        self._lease = uuid.uuid4().hex
        self._cancellation = cancellation
        self._max_slots = slots
        self._rate_cap = bytes_per_second
        self._condition = threading.Condition()

        # Slots that the lease grants, and those in use by requests.
        self._granted = self._used = 0

        # Leases that divide the byte rate, as of the last renewal.
        self._sharers = 1
        self._allowance = 0.0
        self._filled_at = time.monotonic()
        self._closed = threading.Event()
        self._thread: threading.Thread | None = None

        # The time since which Redis does not answer; None while it does.
        self._failed_since: float | None = None

        # The first renewal runs here, so that the limiter has its share at once.
        if self.is_limited:
            self._renew()
            self._thread = threading.Thread(target=self._renew_loop, name="mirror-cap", daemon=True)
            self._thread.start()

    @classmethod
    def of(cls, registry: Registry, team: int, cancellation: Cancellation) -> "RateLimiter":
        # A registry may have its own limits; otherwise those of the settings apply.
        slots = registry.mirror_max_requests or settings.MIRROR_REQUESTS
        rate = registry.mirror_max_kib_per_second or settings.MIRROR_KIB_PER_SECOND
        return cls(registry.host, team, cancellation, slots=slots, bytes_per_second=rate * 1024)

    @property
    def is_limited(self) -> bool:
        return bool(self._max_slots or self._rate_cap)

    def wait(self) -> None:
        """Wait until at least one slot is granted.

        Raises:
            Cancelled
            ServerFailed: the lease was not renewed for a minute.
        """
        with self._condition:
            while self._max_slots and not self._granted:
                self._cancellation.check()
                self._check_redis()
                self._condition.wait(_WAIT_SECONDS)

    @contextmanager
    def slot(self) -> Iterator[None]:
        """Hold one of the granted slots for a request.

        Raises:
            Cancelled
            ServerFailed: the lease was not renewed for a minute.
        """
        if not self._max_slots:
            yield
            return

        with self._condition:
            # A renewal may lower the grant below what is in use, so both are compared again.
            while self._used >= self._granted:
                self._cancellation.check()
                self._check_redis()
                self._condition.wait(_WAIT_SECONDS)
            self._used += 1

        try:
            yield
        finally:
            with self._condition:
                self._used -= 1
                self._condition.notify()

    def consume(self, count: int) -> None:
        """Count transferred bytes and wait until the granted rate allows more.

        Raises:
            Cancelled
        """
        if not self._rate_cap:
            return

        with self._condition:
            rate = self._rate_cap / self._sharers
            now = time.monotonic()
            # The allowance is limited to one second, so that an idle run does not burst later.
            self._allowance = min(self._allowance + (now - self._filled_at) * rate, rate) - count
            self._filled_at = now
            wait = -self._allowance / rate

        if wait > 0:
            self._cancellation.wait(wait)

    def close(self) -> None:
        """Stop the renewal and release the lease."""
        self._closed.set()
        if self._thread is not None:
            self._thread.join()
            try:
                _redis().hdel(self._key, self._lease)
            except RedisError:
                pass  # The lease expires by itself.

    def _renew_loop(self) -> None:
        while not self._closed.wait(_RENEW_SECONDS if self._granted else _WAIT_SECONDS * 4):
            self._renew()

    def _renew(self) -> None:
        with self._condition:
            # The slots in use are read before the request, without the lock during the request.
            used = self._used

        try:
            granted, sharers = _redis().eval(
                _LEASE_SCRIPT,
                1,
                self._key,
                self._lease,
                self._team,
                self._max_slots or 1_000_000,
                used,
                LEASE_SECONDS,
            )
        except RedisError:
            self._failed_since = self._failed_since or time.monotonic()
            if time.monotonic() - self._failed_since > LEASE_SECONDS / 2:
                # Other workers soon treat the lease as expired, so its slots may not be used.
                self._granted = 0
            return

        self._failed_since = None
        with self._condition:
            self._granted, self._sharers = int(granted), max(1, int(sharers))

            # A higher grant may admit several waiting threads.
            self._condition.notify_all()

    def _check_redis(self) -> None:
        if (
            self._failed_since is not None
            and time.monotonic() - self._failed_since > _REDIS_TIMEOUT_SECONDS
        ):
            raise ServerFailed("queue_unavailable")


def _redis() -> Any:
    return django_rq.get_connection("mirrors")


class LimitedStore:
    """An `ImageStore` whose requests wait for a rate limiter.

    A blob in transfer takes a slot of the target first, then one of the source; only one where
    both are the same registry.

    Args:
        is_same_registry: whether the other side is the same registry.
    """

    def __init__(
        self, store: RegistryStore, limiter: RateLimiter, *, is_same_registry: bool
    ) -> None:
        self._store = store
        self._limiter = limiter
        self._is_same_registry = is_same_registry

    @classmethod
    def of(
        cls, store: RegistryStore, limiter: RateLimiter, *, is_same_registry: bool
    ) -> ImageStore:
        return (
            cls(store, limiter, is_same_registry=is_same_registry) if limiter.is_limited else store
        )

    def head_manifest(self, reference: str | Digest) -> Descriptor | None:
        with self._limiter.slot():
            return self._store.head_manifest(reference)

    def get_manifest(self, reference: str | Digest) -> Manifest:
        with self._limiter.slot():
            return self._store.get_manifest(reference)

    def put_manifest(self, manifest: Manifest, reference: str | Digest) -> None:
        with self._limiter.slot():
            self._store.put_manifest(manifest, reference)

    def has_blob(self, descriptor: Descriptor) -> bool:
        with self._limiter.slot():
            return self._store.has_blob(descriptor)

    def open_blob(self, descriptor: Descriptor, offset: int = 0) -> BlobReader:
        with ExitStack() as stack:
            if not self._is_same_registry:
                stack.enter_context(self._limiter.slot())
            reader = self._store.open_blob(descriptor, offset)

            # The reader owns the slot now: it is released when the reader is closed.
            return _LimitedReader(reader, self._limiter, stack.pop_all())

    def write_blob(self, descriptor: Descriptor, open_source: OpenSource) -> None:
        with self._limiter.slot():
            # Within one registry the reader has counted the bytes already.
            counted = (
                open_source
                if self._is_same_registry
                else lambda offset: _LimitedReader(open_source(offset), self._limiter, ExitStack())
            )
            self._store.write_blob(descriptor, counted)

    def mount_blob(self, descriptor: Descriptor, repository: str) -> bool:
        with self._limiter.slot():
            return self._store.mount_blob(descriptor, repository)


class _LimitedReader:
    """A reader that counts its bytes and releases its slot when it is closed."""

    def __init__(self, reader: BlobReader, limiter: RateLimiter, slot: ExitStack) -> None:
        self._reader = reader
        self._limiter = limiter
        self._slot = slot

    def readinto(self, buffer: memoryview, /) -> int:
        count = self._reader.readinto(buffer)
        self._limiter.consume(count)
        return count

    def close(self) -> None:
        self._slot.close()
        self._reader.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
