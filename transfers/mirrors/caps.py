"""How much of a registry all workers together may use: requests at once and bytes a second, shared fairly between teams.

A run holds a lease in Redis for a number of slots, renewed every second: all leases together never pass the cap. Who comes later
waits until the others have given back what is more than their fair share. A lease whose worker died ends after some seconds.
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
from django.utils.translation import gettext as _
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
_PATIENCE = 60.0

# One hash a host: lease → "team expiry held". A lease asks for its fair share: the cap divided by teams, then by the team's leases.
_SHARE = """
local now = tonumber(redis.call('TIME')[1])
local key, me, team, cap, used, ttl = KEYS[1], ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
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
-- What is still in use above the new share stays counted until it is given back.
redis.call('HSET', key, me, team .. ' ' .. (now + ttl) .. ' ' .. math.max(used, granted))
redis.call('PEXPIRE', key, math.floor(ttl * 2000))
return {granted, count * (ours + 1)}
"""


class Gate:
    """What one run may use of one registry. Without a cap it is always open, and Redis is not asked."""

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
        self._cap = slots
        self._rate_cap = bytes_per_second
        self._condition = threading.Condition()
        self._granted = self._used = 0
        self._sharers = 1
        self._spare = 0.0
        self._filled_at = time.monotonic()
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None
        self._failed_since: float | None = None
        if self.is_capped:
            self._renew()
            self._thread = threading.Thread(target=self._keep, name="mirror-cap", daemon=True)
            self._thread.start()

    @classmethod
    def of(cls, registry: Registry, team: int, cancellation: Cancellation) -> "Gate":
        slots = registry.most_requests or settings.MIRROR_REQUESTS
        rate = registry.most_kib_per_second or settings.MIRROR_KIB_PER_SECOND
        return cls(registry.host, team, cancellation, slots=slots, bytes_per_second=rate * 1024)

    @property
    def is_capped(self) -> bool:
        return bool(self._cap or self._rate_cap)

    def wait(self) -> None:
        """Return as soon as there is anything to use.

        Raises:
            Cancelled
            ServerFailed: the leases could not be renewed for a minute.
        """
        with self._condition:
            while self._cap and not self._granted:
                self._cancellation.check()
                self._check_redis()
                self._condition.wait(_WAIT_SECONDS)

    @contextmanager
    def slot(self) -> Iterator[None]:
        """One request at a time of those that are granted.

        Raises:
            Cancelled
            ServerFailed: the leases could not be renewed for a minute.
        """
        if not self._cap:
            yield
            return
        with self._condition:
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

    def spend(self, count: int) -> None:
        """So many bytes have passed: wait as long as they take at the granted rate.

        Raises:
            Cancelled
        """
        if not self._rate_cap:
            return
        with self._condition:
            rate = self._rate_cap / self._sharers
            now = time.monotonic()
            # At most a second's worth is saved up.
            self._spare = min(self._spare + (now - self._filled_at) * rate, rate) - count
            self._filled_at = now
            wait = -self._spare / rate
        if wait > 0:
            self._cancellation.wait(wait)

    def close(self) -> None:
        """Give everything back."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join()
            try:
                _redis().hdel(self._key, self._lease)
            except RedisError:
                pass  # the lease ends by itself

    def _keep(self) -> None:
        while not self._ended.wait(_RENEW_SECONDS if self._granted else _WAIT_SECONDS * 4):
            self._renew()

    def _renew(self) -> None:
        with self._condition:
            used = self._used
        try:
            granted, sharers = _redis().eval(
                _SHARE,
                1,
                self._key,
                self._lease,
                self._team,
                self._cap or 1_000_000,
                used,
                LEASE_SECONDS,
            )
        except RedisError:
            self._failed_since = self._failed_since or time.monotonic()
            if time.monotonic() - self._failed_since > LEASE_SECONDS / 2:
                self._granted = 0  # others may take it for ended
            return
        self._failed_since = None
        with self._condition:
            self._granted, self._sharers = int(granted), max(1, int(sharers))
            self._condition.notify_all()

    def _check_redis(self) -> None:
        if self._failed_since is not None and time.monotonic() - self._failed_since > _PATIENCE:
            raise ServerFailed(
                _("The queue (Redis) does not answer, so the registry's cap cannot be kept."),
                advice=_("Start Redis, then try again."),
            )


def _redis() -> Any:
    return django_rq.get_connection("mirrors")


class CappedStore:
    """An `ImageStore` behind a gate. A blob on its way takes a slot of each side, the target's first; one where both are one registry.

    Args:
        is_shared: whether the other side is the same registry.
    """

    def __init__(self, store: RegistryStore, gate: Gate, *, is_shared: bool) -> None:
        self._store = store
        self._gate = gate
        self._is_shared = is_shared

    @classmethod
    def of(cls, store: RegistryStore, gate: Gate, *, is_shared: bool) -> ImageStore:
        return cls(store, gate, is_shared=is_shared) if gate.is_capped else store

    def head_manifest(self, reference: str | Digest) -> Descriptor | None:
        with self._gate.slot():
            return self._store.head_manifest(reference)

    def get_manifest(self, reference: str | Digest) -> Manifest:
        with self._gate.slot():
            return self._store.get_manifest(reference)

    def put_manifest(self, manifest: Manifest, reference: str | Digest) -> None:
        with self._gate.slot():
            self._store.put_manifest(manifest, reference)

    def has_blob(self, descriptor: Descriptor) -> bool:
        with self._gate.slot():
            return self._store.has_blob(descriptor)

    def open_blob(self, descriptor: Descriptor, offset: int = 0) -> BlobReader:
        with ExitStack() as stack:
            if not self._is_shared:
                stack.enter_context(self._gate.slot())
            reader = self._store.open_blob(descriptor, offset)
            return _CappedReader(reader, self._gate, stack.pop_all())

    def write_blob(self, descriptor: Descriptor, open_source: OpenSource) -> None:
        with self._gate.slot():
            # Within one registry the reader has counted the bytes already.
            counted = (
                open_source
                if self._is_shared
                else lambda offset: _CappedReader(open_source(offset), self._gate, ExitStack())
            )
            self._store.write_blob(descriptor, counted)

    def mount_blob(self, descriptor: Descriptor, repository: str) -> bool:
        with self._gate.slot():
            return self._store.mount_blob(descriptor, repository)


class _CappedReader:
    """A reader that pays for its bytes, and gives its slot back when it is closed."""

    def __init__(self, reader: BlobReader, gate: Gate, slot: ExitStack) -> None:
        self._reader = reader
        self._gate = gate
        self._slot = slot

    def readinto(self, buffer: memoryview, /) -> int:
        count = self._reader.readinto(buffer)
        self._gate.spend(count)
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
