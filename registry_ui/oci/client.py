"""A registry's client: its repositories, their tags, and repositories as image stores."""

import itertools
from collections.abc import Callable, Iterator

from .basic_credential import BasicCredential
from .connections import Limits
from .errors import RepositoryUnknown, ResponseError
from .http_messages import Response
from .name_lists import iterate_repositories, iterate_tags
from .reference import check_repository
from .registry_session import Endpoint, RateLimit, RegistrySession
from .registry_store import RegistryStore
from .request_context import RequestContext
from .token_scopes import Scope

__all__ = ["BasicCredential", "Endpoint", "Limits", "RateLimit", "RegistryClient", "RegistryStore"]

# Registries that answer the check with one of these have no tag list, or none of this size; none
# of them refuses the pull itself.
_NO_LIST_STATUSES = (404, 405, 413)


class RegistryClient(RegistrySession):
    """One registry with one credential. Safe to use from several threads.

    The arguments are those of `RegistrySession`.
    """

    def store(self, repository: str, *, push: bool = False) -> RegistryStore:
        """Return one repository as an `ImageStore`.

        Args:
            push: ask for push rights from the first request on, so that a target needs one token
                and not two.

        Raises:
            InvalidReference: not a repository's name.
        """
        return RegistryStore(self, check_repository(repository), push=push)

    def check_access(self, repository: str, actions: str) -> None:
        """Check the rights on a repository by harmless use: a tag list, or a cancelled upload.

        Args:
            actions: `pull` or `pull,push`.

        Raises:
            InvalidReference: not a repository's name.
            Unauthorized, Denied: the credential does not have the rights.
            RepositoryUnknown: a push needs the repository, project or namespace to exist.
        """
        scope = Scope(check_repository(repository), actions)
        if "push" in actions.split(","):
            self.store(repository, push=True).try_upload()
            return

        # The cheapest request that needs the right to pull.
        context = RequestContext(self.endpoint.host, "tags", repository)
        path = f"{repository}/tags/list?n=1"
        try:
            self.request("GET", path, scope=scope, context=context).discard()
        except RepositoryUnknown:
            return  # there is nothing yet, and pulling from it is allowed
        except ResponseError as exc:
            if exc.status not in _NO_LIST_STATUSES and exc.codes != ("UNSUPPORTED",):
                raise

    def list_tags(self, repository: str, *, limit: int | None = None) -> list[str]:
        """Return the repository's tags in the registry's order, at most `limit`.

        Raises:
            RepositoryUnknown: there is no such repository.
            OciError: as `iterate_tags`.
        """
        return list(itertools.islice(self.iterate_tags(repository), limit))

    def iterate_tags(self, repository: str, *, with_digests: bool = False) -> Iterator[str]:
        """Yield the repository's tags in the registry's order (distribution spec, "Listing Tags").

        Each page is requested when its first tag is taken.

        Args:
            with_digests: also yield tags that only carry a digest, of signatures and referrers.

        Raises:
            InvalidReference: at once. The rest as the tags are taken:
            RepositoryUnknown: there is no such repository.
            EgressRefused: the list continues on another host.
            OciError: as `request`.
        """
        # Checked outside of the generator, so that a wrong name fails at once.
        scope = Scope(check_repository(repository))
        fetch = self._page_fetcher(scope, RequestContext(self.endpoint.host, "tags", repository))
        url = self.url(f"{repository}/tags/list")
        return iterate_tags(fetch, url, self.transport, with_digests=with_digests)

    def iterate_repositories(self) -> Iterator[str]:
        """Yield the registry's repositories in its own order, page by page; at most 200,000.

        The catalogue is distribution's `_catalog`, which the spec leaves out.

        Raises: as they are taken:
            Unsupported: this registry has no catalogue.
            Unauthorized, Denied: it does not show it to this credential.
            EgressRefused: the list continues on another host.
            OciError: as `request`.
        """
        scope = Scope("catalog", "*", kind="registry")
        fetch = self._page_fetcher(scope, RequestContext(self.endpoint.host, "repositories"))
        return iterate_repositories(fetch, self.url("_catalog"), self.transport)

    def _page_fetcher(self, scope: Scope, context: RequestContext) -> Callable[[str], Response]:
        headers = {"Accept": "application/json"}
        return lambda url: self.request("GET", url, scope=scope, context=context, headers=headers)
