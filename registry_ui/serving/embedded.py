"""This server as the pages and the workers see it: what `oci.client.RegistryClient` does, without a request. The index reads
through it, and a push to this server is a name and moves no bytes."""

import itertools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from django.db import connection
from django.utils.translation import gettext as _

from registry_ui.accounts.models import Team
from registry_ui.images.models import LocalImage
from registry_ui.images.store import LocalStore
from registry_ui.oci.digest import Digest
from registry_ui.oci.errors import RepositoryUnknown
from registry_ui.oci.listing import is_digest_tag
from registry_ui.oci.manifest import Descriptor, Manifest
from registry_ui.oci.reference import Reference
from registry_ui.oci.store import Cancellation
from registry_ui.registries.this_server import check_own_name, this_host

from .holdings import hold_manifest
from .repositories import ServedRepository, repositories_of


class ThisServer:
    """One team's part of this server. Threads may share it."""

    rate_limit = None
    request_count = 0

    def __init__(self, team: Team, cancellation: Cancellation | None = None) -> None:
        self.team = team
        self.cancellation = cancellation or Cancellation()
        self._owner_thread = threading.get_ident()

    def ping(self) -> None:
        """It answers."""

    def login(self) -> str:
        return "none"

    def may(self, repository: str, actions: str) -> None:
        """
        Raises:
            InvalidReference: the name is not the team's to give.
        """
        check_own_name(self.team, Reference(this_host(), repository, "latest"))

    def store(self, repository: str, *, push: bool = False) -> "EmbeddedRepository":
        """
        Raises:
            InvalidReference: as `may`.
        """
        self.may(repository, "pull")
        return EmbeddedRepository(self, repository)

    def list_tags(self, repository: str, *, limit: int | None = None) -> list[str]:
        """
        Raises:
            RepositoryUnknown
        """
        with self.database():
            tags = ServedRepository(self.team, repository).tags()
        if not tags:
            raise RepositoryUnknown(
                _("No image on this server has a name in %(name)s.") % {"name": repository}
            )
        return list(itertools.islice(tags, limit))

    def iterate_tags(self, repository: str, *, with_digests: bool = False) -> Iterator[str]:
        return (tag for tag in self.list_tags(repository) if with_digests or not is_digest_tag(tag))

    def iterate_repositories(self) -> Iterator[str]:
        with self.database():
            return iter(repositories_of([self.team]))

    def close(self) -> None:
        """Nothing is open."""

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
        """The threads that ask live short: each gives its own connection back at once."""
        try:
            yield
        finally:
            if threading.get_ident() != self._owner_thread and not connection.in_atomic_block:
                connection.close()


class EmbeddedRepository(LocalStore):
    """One repository of it: what `oci.registry_store.RegistryStore` does."""

    def __init__(self, client: ThisServer, repository: str) -> None:
        super().__init__(
            client.team, Reference(this_host(), repository), cancellation=client.cancellation
        )
        self.client = client
        self.repository = repository
        self._served = ServedRepository(client.team, repository)

    def put_manifest(self, manifest: Manifest, reference: str | Digest) -> None:
        """A tag that is there already stays as it was made."""
        if not self._is_so_named(manifest, reference):
            super().put_manifest(manifest, reference)
        if manifest.subject is not None:
            with self.client.database():
                hold_manifest(self.team, self.repository, manifest)

    def delete_manifest(self, reference: str | Digest) -> None:
        """
        Raises:
            ManifestUnknown, Denied, Unsupported
        """
        self._served.delete_manifest(
            reference if isinstance(reference, Digest) else Digest.parse(reference)
        )

    def check_deletion(self) -> None:
        """Whoever may is told by the role."""

    def delete_tag(self, tag: str) -> str:
        """
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

    def _is_so_named(self, manifest: Manifest, reference: str | Digest) -> bool:
        if isinstance(reference, Digest):
            return False
        names = LocalImage.objects.filter(
            team=self.team, registry=this_host(), repository=self.repository, tag=reference
        )
        return names.filter(digest=str(manifest.digest)).exists()
