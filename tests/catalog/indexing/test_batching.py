"""The number of queries of a run: batches, not a query per tag or repository."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from registry_ui.catalog.models import Repository, Tag
from registry_ui.jobs.models import State
from tests.parts.images import build_image, push

from .conftest import write_repository

pytestmark = pytest.mark.django_db(transaction=True)

_REPOSITORIES = 300
_TAGS = 2000


@pytest.fixture
def many(own_registry):
    """300 repositories of one tag, one of them with 2,000 tags, of four images."""
    built = [build_image(layers=1, layer_size=10, seed=f"batching {number}") for number in range(4)]
    for number, image in enumerate(built):
        push(own_registry, image, "many/app-0", f"seed-{number}")
    digests = [image.digest for image in built]
    for number in range(1, _REPOSITORIES):
        write_repository(
            own_registry, "many/app-0", f"many/app-{number}", {"latest": digests[number % 4]}
        )
    write_repository(
        own_registry,
        "many/app-0",
        "many/app-0",
        {f"1.{number}": digests[number % 4] for number in range(_TAGS)},
    )
    return own_registry


def test_there_are_few_queries_for_a_thousand_tags(make_registry, many, index):
    registry = make_registry(many)

    with CaptureQueriesContext(connection) as cold:
        run = index(registry)

    tags = _TAGS + 4 + _REPOSITORIES - 1
    assert (run.state, run.progress["tags_done"], run.progress["repositories_done"]) == (
        State.SUCCEEDED,
        tags,
        _REPOSITORIES,
    )
    assert (run.progress["fetched"], run.progress["problems"], run.progress["tag_problems"]) == (
        4,
        0,
        0,
    )
    assert Tag.objects.filter(artifact__isnull=False).count() == tags
    assert Repository.objects.exclude(size=0).count() == _REPOSITORIES
    # Measured: about 90 a thousand. Slow answers make smaller batches.
    assert len(cold) < tags * 0.3

    with CaptureQueriesContext(connection) as unchanged:
        run = index(registry)

    assert (run.progress["tags_done"], run.progress["fetched"]) == (tags, 0)
    assert len(unchanged) < tags * 0.15
    assert run.progress["requests"] <= tags + _REPOSITORIES + 3
