"""The built-in registry for pages and workers, without HTTP.

It has the methods of `oci.client.RegistryClient`, so the index reads the built-in registry as
it reads others, and a push to it adds a name and copies no bytes.
"""

import itertools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from django.db import connection

from registry_ui.accounts.models import Team
from registry_ui.images.models import LocalImage
from registry_ui.images.store import LocalStore
from registry_ui.oci.digest import Digest
from registry_ui.oci.errors import RepositoryUnknown
from registry_ui.oci.manifest import Descriptor, Manifest
from registry_ui.oci.name_lists import is_digest_tag
from registry_ui.oci.reference import Reference
from registry_ui.oci.store import Cancellation
from registry_ui.registries.builtin_registry import builtin_registry_host, check_builtin_name

from .links import link_manifest
from .repositories import ServedRepository, repositories_of


class BuiltinRegistry:
    """One team's part of the built-in registry. Threads may share it."""

    # The index reads these from every client; here nothing is limited or counted.
    rate_limit = None
    request_count = 0

    def __init__(self, team: Team, cancellation: Cancellation | None = None) -> None:
        self.team = team
        self.cancellation = cancellation or Cancellation()
        self._owner_thread = threading.get_ident()

    def ping(self) -> None:
        """Do nothing: the built-in registry is always reachable."""

    def login(self) -> str:
        # The caller is a page or a job of the team itself, which needs no login.
        return "none"

    def check_access(self, repository: str, actions: str) -> None:
        """Refuse a repository name outside the team's namespace.

        Raises:
            InvalidReference
        """
        # Every tag is checked the same way, so any tag will do.
        check_builtin_name(self.team, Reference(builtin_registry_host(), repository, "latest"))

    def store(self, repository: str, *, push: bool = False) -> "BuiltinRepository":
        """Return the store of one repository.

        Raises:
            InvalidReference: as `check_access`.
        """
        self.check_access(repository, "pull")
        return BuiltinRepository(self, repository)

    def list_tags(self, repository: str, *, limit: int | None = None) -> list[str]:
        """Return the tags of a repository.

        Raises:
            RepositoryUnknown: it has no tag.
        """
        with self.database():
            tags = ServedRepository(self.team, repository).tags()
        if not tags:
            raise RepositoryUnknown("builtin_repository_unknown", name=repository)
        return list(itertools.islice(tags, limit))

    def iterate_tags(self, repository: str, *, with_digests: bool = False) -> Iterator[str]:
        return (tag for tag in self.list_tags(repository) if with_digests or not is_digest_tag(tag))

    def iterate_repositories(self) -> Iterator[str]:
        with self.database():
            return iter(repositories_of([self.team]))

    def close(self) -> None:
        """Do nothing: no connection is open."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @contextmanager
    def database(self) -> Iterator[None]:
        """Close the database connection of a short-lived thread after use."""
        try:
            yield
        finally:
            # Django keeps one connection per thread and never closes it for threads outside of
            # requests.
            if threading.get_ident() != self._owner_thread and not connection.in_atomic_block:
                connection.close()


class BuiltinRepository(LocalStore):
    """One repository of the built-in registry.

    It has the methods of `oci.registry_store.RegistryStore`.
    """

    def __init__(self, client: BuiltinRegistry, repository: str) -> None:
        super().__init__(
            client.team,
            Reference(builtin_registry_host(), repository),
            cancellation=client.cancellation,
        )
        self.client = client
        self.repository = repository
        self._served = ServedRepository(client.team, repository)

    def put_manifest(self, manifest: Manifest, reference: str | Digest) -> None:
        """Store a manifest; a tag that has this digest already is not written."""
        # Writing the row again would change its time and its owner.
        if not self._has_tag(manifest, reference):
            super().put_manifest(manifest, reference)
        if manifest.subject is not None:
            with self.client.database():
                link_manifest(self.team, self.repository, manifest)

    def delete_manifest(self, reference: str | Digest) -> None:
        """Delete a manifest with its tags.

        Raises:
            ManifestUnknown, Denied, Unsupported
        """
        self._served.delete_manifest(
            reference if isinstance(reference, Digest) else Digest.parse(reference)
        )

    def check_deletion(self) -> None:
        """Do nothing: the role decides who may delete."""

    def delete_tag(self, tag: str) -> str:
        """Delete a tag, and return what was deleted: always "tag".

        Raises:
            ManifestUnknown, Denied
        """
        self._served.delete_tag(tag)
        return "tag"

    def referrers(self, digest: Digest) -> list[Descriptor]:
        with self.client.database():
            return self._served.referrers(digest)

    def listed_referrers(self, digest: Digest) -> list[Descriptor]:
        return self.referrers(digest)

    def _has_tag(self, manifest: Manifest, reference: str | Digest) -> bool:
        if isinstance(reference, Digest):
            return False
        names = LocalImage.objects.filter(
            team=self.team,
            registry=builtin_registry_host(),
            repository=self.repository,
            tag=reference,
        )
        return names.filter(digest=str(manifest.digest)).exists()
