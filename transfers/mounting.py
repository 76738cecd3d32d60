"""Which repositories of a registry are known to hold which blobs: what can be mounted there instead of sent."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

from registry_ui.accounts.models import Team
from registry_ui.images.models import LocalImage
from registry_ui.oci.digest import Digest
from registry_ui.oci.errors import OciError
from registry_ui.oci.reference import Reference

from .models import Kind, State, Transfer

_MOST_TRANSFERS = 500
_MOST_CANDIDATES = 2
_MOVING = (Kind.PULL, Kind.PUSH, Kind.PUBLISH, Kind.COPY)


def holders(
    team: Team, target: Reference, source: Reference | None = None
) -> Callable[[Digest], Sequence[str]]:
    """For `copy_image`: the repositories beside the target's own from which a blob can be mounted there, likeliest first.

    Args:
        source: where the image comes from, if that is a registry: on the same one its repository surely holds every blob.
    """
    holding = repositories_holding(team=team, registry=target.registry, but=target.repository)
    if (
        source is None
        or source.registry != target.registry
        or source.repository == target.repository
    ):
        return lambda digest: holding.get(str(digest), ())
    first = source.repository
    return lambda digest: [first, *(name for name in holding.get(str(digest), ()) if name != first)]


def repositories_holding(*, team: Team, registry: str, but: str) -> Mapping[str, Sequence[str]]:
    """Blob digest → at most two repositories of `registry`, other than `but`, likeliest first.

    They are known from what the team has moved from there and to there, as far as the images are still local.
    """
    repositories: dict[str, list[str]] = defaultdict(list)
    for transfer in _moved(team):
        for reference in _ends(transfer):
            if reference.registry == registry and reference.repository != but:
                repositories[transfer.digest].append(reference.repository)
    holding: dict[str, list[str]] = defaultdict(list)
    for digest, blobs in LocalImage.objects.filter(team=team, digest__in=repositories).values_list(
        "digest", "blobs"
    ):
        for blob in blobs:
            known = holding[blob["digest"]]
            known.extend(name for name in dict.fromkeys(repositories[digest]) if name not in known)
    return {digest: known[:_MOST_CANDIDATES] for digest, known in holding.items()}


def _moved(team: Team) -> list[Transfer]:
    succeeded = Transfer.objects.filter(team=team, state=State.SUCCEEDED, kind__in=_MOVING)
    columns = ("digest", "kind", "source", "target", "source_is_local", "target_is_local")
    return list(succeeded.only(*columns).order_by("-created_at")[:_MOST_TRANSFERS])


def _ends(transfer: Transfer) -> list[Reference]:
    """The ends of a transfer that lie on a registry."""
    ends = [] if transfer.source_is_local else [transfer.source]
    ends += [] if transfer.target_is_local else [transfer.target]
    try:
        return [Reference.parse(end) for end in ends]
    except OciError:
        return []
