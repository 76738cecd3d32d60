"""The repositories of a registry from which blobs can be mounted instead of sent."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

from registry_ui.accounts.models import Team
from registry_ui.images.models import LocalImage
from registry_ui.oci.digest import Digest
from registry_ui.oci.errors import OciError
from registry_ui.oci.reference import Reference

from .models import Kind, State, Transfer

_MAX_TRANSFERS = 500
_MAX_CANDIDATES = 2
_BLOB_KINDS = (Kind.PULL, Kind.PUSH, Kind.PUBLISH, Kind.COPY)


def mount_sources(
    team: Team, target: Reference, source: Reference | None = None
) -> Callable[[Digest], Sequence[str]]:
    """Return the function that `copy_image` asks for repositories to mount a blob from.

    It lists the likeliest repository first (distribution spec, "Mounting a blob from another
    repository").

    Args:
        source: the image's source, if that is a registry.
    """
    repositories = repositories_with_blobs(
        team=team, registry=target.registry, excluded=target.repository
    )
    if (
        source is None
        or source.registry != target.registry
        or source.repository == target.repository
    ):
        return lambda digest: repositories.get(str(digest), ())

    # On the same registry the source's repository has every blob of the image.
    first = source.repository
    return lambda digest: [
        first,
        *(name for name in repositories.get(str(digest), ()) if name != first),
    ]


def repositories_with_blobs(
    *, team: Team, registry: str, excluded: str
) -> Mapping[str, Sequence[str]]:
    """Return at most two repositories of a registry for each blob digest, likeliest first.

    They come from the team's transfers of images that are still local.
    """
    repositories: dict[str, list[str]] = defaultdict(list)
    for transfer in _recent_transfers(team):
        for reference in _registry_references(transfer):
            if reference.registry == registry and reference.repository != excluded:
                repositories[transfer.digest].append(reference.repository)

    by_blob: dict[str, list[str]] = defaultdict(list)
    images = LocalImage.objects.filter(team=team, digest__in=repositories)
    for digest, blobs in images.values_list("digest", "blobs"):
        for blob in blobs:
            names = by_blob[blob["digest"]]
            names.extend(name for name in dict.fromkeys(repositories[digest]) if name not in names)
    # Each wrong candidate costs a request: the registry answers 202 and begins an upload.
    return {digest: names[:_MAX_CANDIDATES] for digest, names in by_blob.items()}


def _recent_transfers(team: Team) -> list[Transfer]:
    succeeded = Transfer.objects.filter(team=team, state=State.SUCCEEDED, kind__in=_BLOB_KINDS)
    columns = ("digest", "kind", "source", "target", "source_is_local", "target_is_local")
    return list(succeeded.only(*columns).order_by("-created_at")[:_MAX_TRANSFERS])


def _registry_references(transfer: Transfer) -> list[Reference]:
    """Return the endpoints of a transfer that are on a registry."""
    names = [] if transfer.source_is_local else [transfer.source]
    names += [] if transfer.target_is_local else [transfer.target]
    try:
        return [Reference.parse(name) for name in names]
    except OciError:
        # An old row may have a name that the parser does not accept any more.
        return []
