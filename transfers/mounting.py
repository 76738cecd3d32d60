"""Which repositories of a registry are known to hold which blobs: what a push can mount there instead of sending."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from registry_ui.accounts.models import Team
from registry_ui.images.models import LocalImage
from registry_ui.oci.errors import OciError
from registry_ui.oci.reference import Reference

from .models import Kind, State, Transfer

_MOST_TRANSFERS = 500
_MOST_CANDIDATES = 2


def repositories_holding(*, team: Team, registry: str, but: str) -> Mapping[str, Sequence[str]]:
    """Blob digest → at most two repositories of `registry`, other than `but`, likeliest first.

    They are known from the team's own pulls from there and pushes to there, as far as the images are still local.
    """
    repositories: dict[str, list[str]] = defaultdict(list)
    for transfer in _moved(team):
        for reference in _ends(transfer):
            if reference.registry == registry and reference.repository != but:
                repositories[transfer.digest].append(reference.repository)
    holding: dict[str, list[str]] = defaultdict(list)
    for digest, blobs in LocalImage.objects.filter(team=team, digest__in=repositories).values_list("digest", "blobs"):
        for blob in blobs:
            known = holding[blob["digest"]]
            known.extend(name for name in dict.fromkeys(repositories[digest]) if name not in known)
    return {digest: known[:_MOST_CANDIDATES] for digest, known in holding.items()}


def _moved(team: Team) -> list[Transfer]:
    succeeded = Transfer.objects.filter(team=team, state=State.SUCCEEDED, kind__in=[Kind.PULL, Kind.PUSH, Kind.PUBLISH])
    return list(succeeded.only("digest", "kind", "source", "target").order_by("-created_at")[:_MOST_TRANSFERS])


def _ends(transfer: Transfer) -> list[Reference]:
    """The end of a transfer that lies on a registry."""
    try:
        return [Reference.parse(transfer.source if transfer.kind == Kind.PULL else transfer.target)]
    except OciError:
        return []
