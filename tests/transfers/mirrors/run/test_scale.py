"""A hundred and a thousand tags.

Cold, again with nothing to do, and with one changed and one broken tag.
"""

import re

import pytest

from tests.parts.images import build_image
from tests.parts.large_registry import fill_tags, move_tag
from transfers.models import State

pytestmark = pytest.mark.django_db(transaction=True)

_STORED = re.compile(r'"PUT /v2/[^ ]*/blobs/uploads/[^"]*" 201')


def digests(registry, repository: str, tags) -> dict[str, str | None]:
    return {tag: registry.digest_of(repository, tag) for tag in tags}


def digests_by_skopeo(skopeo, registry, repository: str, tags) -> dict[str, str]:
    return {tag: skopeo.inspect(registry, repository, tag)["Digest"] for tag in tags}


def test_a_hundred_tags_cold_warm_and_with_one_broken(
    own_registry, second_registry, skopeo, make_mirror, run_mirror
):
    repository = own_registry.new_repository()
    tags = fill_tags(own_registry, repository, 100)
    mirror = make_mirror(repository, source=own_registry)

    cold = run_mirror(mirror)
    assert (cold.state, cold.totals["new"], cold.totals["done"]) == (State.SUCCEEDED, 100, 100)
    assert digests(second_registry, repository, tags) == digests(own_registry, repository, tags)
    assert digests_by_skopeo(skopeo, second_registry, repository, tags) == digests_by_skopeo(
        skopeo, own_registry, repository, tags
    )

    again = run_mirror(mirror)
    assert (again.totals["up_to_date"], again.bytes_done) == (100, 0)
    assert again.requests <= 2 * 100 + 5

    move_tag(own_registry, repository, tags[7], build_image(layers=1, layer_size=64))
    changed = run_mirror(mirror)
    assert (changed.totals["up_to_date"], changed.totals["changed"]) == (99, 1)
    assert second_registry.digest_of(repository, tags[7]) == own_registry.digest_of(
        repository, tags[7]
    )
    assert changed.requests <= 2 * 100 + 25

    bad = build_image(layers=1, layer_size=64)
    move_tag(own_registry, repository, tags[8], bad)
    move_tag(own_registry, repository, tags[9], build_image(layers=1, layer_size=64))
    own_registry.corrupt_blob(bad.layers[0])
    poisoned = run_mirror(mirror)
    assert (poisoned.state, poisoned.totals["failed"]) == (State.FAILED, 1)
    assert second_registry.digest_of(repository, tags[9]) == own_registry.digest_of(
        repository, tags[9]
    )
    assert second_registry.digest_of(repository, tags[8]) != bad.digest


def test_a_thousand_tags_of_fifty_images_transfer_each_blob_once(
    own_registry, registry, make_mirror, run_mirror
):
    repository = registry.new_repository()
    fill_tags(registry, repository, 1000, distinct=50)

    run = run_mirror(make_mirror(repository, target=own_registry))

    assert (run.state, run.totals["new"], run.totals["done"]) == (State.SUCCEEDED, 1000, 1000)
    assert len(own_registry.tags(repository)) == 1000
    # Fifty layers and configs of their own, and three layers that they share.
    assert len(_STORED.findall(own_registry.log)) == 50 * 2 + 3
