"""Runs of mirrors between two real registries.

Copied and skipped tags, their reasons, and the requests that they take.
"""

import pytest

from transfers.mirrors.models import (
    RepositoryDrift,
    VerificationResult,
)
from transfers.models import State

from ..outcomes import outcome

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]


def test_the_first_run_copies_every_tag_with_its_digest(
    registry, second_registry, image_factory, make_mirror, run_mirror
):
    repository = registry.new_repository()
    images = [image_factory(registry, repository, tag) for tag in ("1.0", "1.1", "2.0")]

    run = run_mirror(make_mirror(repository))

    assert run.error is None
    assert run.state == State.SUCCEEDED
    assert outcome(run) == dict.fromkeys(("1.0", "1.1", "2.0"), "new done")
    for image in images:
        assert second_registry.digest_of(repository, image.tag) == image.digest
    assert set(run.items.values_list("verification", flat=True)) == {VerificationResult.EQUAL}
    assert run.bytes_done == run.bytes_total > 0
    assert run.totals["new"] == 3
    assert run.totals["done"] == 3
    assert run.mirror.__class__.objects.get(pk=run.mirror_id).last_state == State.SUCCEEDED


def test_a_plan_is_run_as_shown(registry, second_registry, image_factory, make_mirror, plan_mirror):
    from transfers.mirrors.services import run_in_process, run_plan

    repository = registry.new_repository()
    planned = image_factory(registry, repository, "1.0")
    image_factory(registry, repository, "1.1")
    plan = plan_mirror(make_mirror(repository))
    image_factory(registry, repository, "1.1")
    image_factory(registry, repository, "1.2")

    run = run_in_process(run_plan(plan=plan, user=None, enqueue=False))

    assert outcome(run) == {"1.0": "new done", "1.1": "skipped done"}
    assert second_registry.digest_of(repository, "1.0") == planned.digest
    assert second_registry.tags(repository) == ["1.0"]


def test_the_drift_of_each_pair_is_counted(
    registry, second_registry, image_factory, make_mirror, plan_mirror, run_mirror
):
    repository = registry.new_repository()
    for tag in ("1.0", "1.1", "1.2"):
        image_factory(registry, repository, tag, layers=1, layer_size=50)
    image_factory(second_registry, repository, "1.1", layers=1, layer_size=50)
    image_factory(second_registry, repository, "9.9", layers=1, layer_size=50)
    mirror = make_mirror(repository)

    plan_mirror(mirror)
    pair = RepositoryDrift.objects.get()
    assert (pair.up_to_date, pair.missing, pair.differing) == (0, 2, 1)
    assert (pair.extra, pair.behind) == (1, 3)
    assert pair.verified_at is None

    run_mirror(mirror)
    pair = RepositoryDrift.objects.get()
    assert (pair.up_to_date, pair.missing, pair.differing, pair.extra) == (3, 0, 0, 1)
    assert pair.verified_at
    assert not pair.is_in_sync
