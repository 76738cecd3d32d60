"""The rights of teams to blobs, and their times of use."""

from collections.abc import Iterable

from django.utils import timezone

from registry_ui.accounts.models import Team

from .models import TeamBlob

# SQLite limits the number of parameters of a query.
_QUERY_CHUNK = 500


def touch_blobs(team: Team, digests: Iterable[str]) -> dict[str, int]:
    """Renew the time of use of a team's blobs; return the sizes of those it has."""
    wanted = list(dict.fromkeys(digests))
    sizes: dict[str, int] = {}

    for start in range(0, len(wanted), _QUERY_CHUNK):
        rows = TeamBlob.objects.filter(team=team, digest__in=wanted[start : start + _QUERY_CHUNK])
        rows.update(used_at=timezone.now())
        sizes.update(rows.values_list("digest", "size"))

    return sizes
