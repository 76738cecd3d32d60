"""Rights to blobs: the time of use is renewed for those that a team has."""

from datetime import timedelta

import pytest
from django.utils import timezone

from registry_ui.images.models import TeamBlob
from registry_ui.images.team_blobs import touch_blobs

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db]

OLD = timezone.now() - timedelta(days=9)


def blob(team, number):
    return TeamBlob.objects.create(
        team=team, digest=f"sha256:{number:064x}", size=number, used_at=OLD
    )


def test_the_teams_blobs_are_renewed_and_their_sizes_returned(team, other_team):
    ours, theirs = blob(team, 1), blob(other_team, 2)

    assert touch_blobs(team, [ours.digest, theirs.digest, ours.digest]) == {ours.digest: 1}
    assert TeamBlob.objects.get(pk=ours.pk).used_at > OLD
    assert TeamBlob.objects.get(pk=theirs.pk).used_at == OLD


def test_more_digests_than_a_query_takes(team):
    digests = [blob(team, number).digest for number in range(1, 601)]

    assert len(touch_blobs(team, digests)) == 600
    assert not TeamBlob.objects.filter(used_at=OLD).exists()
