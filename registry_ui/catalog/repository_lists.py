"""Lists of a registry's repositories, from its catalog or its provider's API."""

from collections.abc import Iterator

from registry_ui.oci.basic_credential import BasicCredential
from registry_ui.oci.client import RegistryClient
from registry_ui.providers.repository_lists import ListingSource
from registry_ui.registries.models import Listing, Registry


def open_listing(
    registry: Registry, client: RegistryClient, login: BasicCredential | None
) -> tuple[Listing, Iterator[str]]:
    """Return the kind of list and an iterator of distinct names.

    Args:
        client: the registry's client, with `login` if there is one.

    Raises:
        ListingUnavailable, Unauthorized, OciError: as `Provider.list_repositories`.
    """
    accounts = registry.credentials.order_by("created_at").values_list("username", flat=True)
    source = ListingSource(
        client,
        login,
        namespaces=tuple(map(str, registry.namespaces)),
        # They matter only where the settings name no namespace.
        accounts=() if registry.namespaces else tuple(accounts),
    )
    result = registry.get_provider().list_repositories(source)
    return Listing.CATALOG if result.is_catalog else Listing.PROVIDER, result.names
