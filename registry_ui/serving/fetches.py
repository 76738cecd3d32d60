"""Fetches of blobs from other registries, shared by all clients that wait for them.

Threads of one process share a `Fetch`; the partial file's lock admits one writer of all
processes.
"""

import logging
import threading
from dataclasses import dataclass, field
from typing import ClassVar

from django.db import connection

from registry_ui.images.store import LocalStore
from registry_ui.oci.digest import Digest
from registry_ui.oci.errors import OciError
from registry_ui.oci.manifest import Descriptor

from .errors import ApiError
from .repositories import ServedRepository
from .upstream import Upstream

logger = logging.getLogger(__name__)


@dataclass(eq=False)
class Fetch:
    """A running fetch of one blob. It finishes even if its first client disconnects."""

    repository: ServedRepository
    upstream: Upstream
    descriptor: Descriptor
    error: OciError | ApiError | None = None
    is_finished: threading.Event = field(default_factory=threading.Event)

    _running: ClassVar[dict[tuple[int, Digest], "Fetch"]] = {}
    _lock: ClassVar[threading.Lock] = threading.Lock()

    @classmethod
    def join(
        cls, repository: ServedRepository, upstream: Upstream, descriptor: Descriptor
    ) -> "Fetch":
        """Return this process's running fetch of the blob, or start one."""
        key = (repository.team.pk, descriptor.digest)
        with cls._lock:
            # The team is part of the key: a blob of another team is no proof of this team's right
            # to it.
            fetch = cls._running.get(key)
            if fetch is None:
                fetch = cls._running[key] = cls(repository, upstream, descriptor)
                threading.Thread(
                    target=fetch._run,
                    args=(key,),
                    name=f"fetch-{descriptor.digest.short}",
                    daemon=True,
                ).start()

        return fetch

    def check(self) -> bool:
        """Return whether the blob is complete.

        Raises:
            OciError, ApiError: the fetch failed.
        """
        is_finished = self.is_finished.is_set()
        if is_finished and self.error is not None:
            raise self.error
        return is_finished

    def _run(self, key: tuple[int, Digest]) -> None:
        try:
            with self.upstream.open_store(
                self.upstream.name_of(str(self.descriptor.digest))
            ) as source:
                store = LocalStore(self.repository.team, self.repository.reference)
                store.download_blob(
                    self.descriptor, lambda offset: source.open_blob(self.descriptor, offset)
                )
        except (OciError, ApiError) as exc:
            # The clients that wait raise it in their own requests.
            self.error = exc
        except Exception:
            logger.exception("The blob %s could not be fetched.", self.descriptor.digest.short)
            self.error = OciError("unexpected_fetch_error")
        finally:
            with self._lock:
                self._running.pop(key, None)
            self.is_finished.set()

            # Django closes no connection of a thread outside of requests.
            connection.close()
