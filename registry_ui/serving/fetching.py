"""One fetch of a blob for everybody who waits for it: one thread in a process, one writer among the processes."""

import logging
import threading
from dataclasses import dataclass, field
from typing import ClassVar

from django.db import connection

from registry_ui.images.store import LocalStore
from registry_ui.oci.digest import Digest
from registry_ui.oci.errors import OciError
from registry_ui.oci.manifest import Descriptor

from .errors import Refusal
from .repositories import ServedRepository
from .upstream import Upstream

logger = logging.getLogger(__name__)


@dataclass(eq=False)
class Fetch:
    """It goes to its end whether the client that began it stays or not."""

    repository: ServedRepository
    upstream: Upstream
    descriptor: Descriptor
    error: OciError | Refusal | None = None
    is_over: threading.Event = field(default_factory=threading.Event)

    _running: ClassVar[dict[tuple[int, Digest], "Fetch"]] = {}
    _lock: ClassVar[threading.Lock] = threading.Lock()

    @classmethod
    def join(
        cls, repository: ServedRepository, upstream: Upstream, descriptor: Descriptor
    ) -> "Fetch":
        """The fetch of this blob that goes on in this process, or a new one."""
        key = (repository.team.pk, descriptor.digest)
        with cls._lock:
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
        """Whether the blob is there.

        Raises:
            OciError, Refusal: it will not be.
        """
        over = self.is_over.is_set()
        if over and self.error is not None:
            raise self.error
        return over

    def _run(self, key: tuple[int, Digest]) -> None:
        try:
            with self.upstream.opened(self.upstream.named(str(self.descriptor.digest))) as source:
                store = LocalStore(self.repository.team, self.repository.reference)
                store.take_blob(
                    self.descriptor, lambda offset: source.open_blob(self.descriptor, offset)
                )
        except (OciError, Refusal) as exc:
            self.error = exc
        except Exception:
            logger.exception("The blob %s could not be fetched.", self.descriptor.digest.short)
            self.error = OciError("Something went wrong inside Registry UI itself.")
        finally:
            with self._lock:
                self._running.pop(key, None)
            self.is_over.set()
            connection.close()
