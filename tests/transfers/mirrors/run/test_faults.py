"""Temporary failures, and workers that die during a run.

The next worker continues, sends no blob again and loses no tag.
"""

import re
from collections import Counter
from datetime import timedelta

import pytest
from django.utils import timezone

from registry_ui.jobs.reconciler import reconcile
from tests.parts.gateway import gateway
from tests.parts.processes import wait_until
from tests.parts.scripted_server import Reply
from tests.parts.slow_line import slow_line
from transfers.mirrors.models import ItemAction, ItemState, MirrorItem, MirrorRun
from transfers.mirrors.run_queue import MIRROR_RUNS
from transfers.mirrors.services import cancel_run, run_in_process, start_run
from transfers.models import State

from ...scripted_registry import kill

pytestmark = pytest.mark.django_db(transaction=True)

TAGS = 8
_STORED = re.compile(
    r'"PUT /v2/[^ ]*/blobs/uploads/[^ ]*digest='
    r'(sha256%3A[0-9a-f]{64}|sha256:[0-9a-f]{64})[^"]*" 201'
)

# Points at which the connection stops: before the first byte, within the blobs, before a manifest,
# and at the end.
INTERRUPTIONS = [
    pytest.param("source", "GET", r"/manifests/", id="before-the-first-byte"),
    pytest.param("target", "POST", r"/blobs/uploads/", id="before-a-blob"),
    pytest.param("target", "PUT", r"/blobs/uploads/", id="within-the-blobs"),
    pytest.param("target", "PUT", r"/manifests/1\.[3-9]", id="before-some-tags"),
    pytest.param("target", "HEAD", r"/manifests/1\.[0-9]", id="while-it-verifies"),
]


@pytest.fixture
def lines(registry, own_registry):
    with slow_line(registry.port) as source, slow_line(own_registry.port) as target:
        yield {"source": source, "target": target}


def expire_heartbeat(run) -> None:
    """Skip the 45 seconds after which a worker counts as dead."""
    MirrorRun.objects.filter(pk=run.pk, state=State.RUNNING).update(
        heartbeat_at=timezone.now() - timedelta(minutes=5)
    )
    reconcile(MIRROR_RUNS)


def ended(run) -> MirrorRun:
    wait_until(lambda: MirrorRun.objects.get(pk=run.pk).is_terminal, seconds=90)
    return MirrorRun.objects.get(pk=run.pk)


@pytest.mark.parametrize(("endpoint", "method", "pattern"), INTERRUPTIONS)
def test_after_a_killed_worker_no_blob_is_sent_again(
    endpoint, method, pattern, lines, registry, own_registry, image_factory, make_mirror, manage
):
    repository = registry.new_repository()
    images = [
        image_factory(registry, repository, f"1.{number}", layer_size=2000)
        for number in range(TAGS)
    ]
    mirror = make_mirror(repository, source=lines["source"], target=lines["target"])
    lines[endpoint].hold(method, pattern)
    worker = manage.start_worker("mirrors")
    run = start_run(mirror=mirror, user=None)
    assert lines[endpoint].is_holding.wait(40)

    kill(worker)
    lines[endpoint].release(drop=True)
    expire_heartbeat(run)
    manage.start_worker("mirrors")
    done = ended(run)

    assert done.error is None
    assert (done.state, done.attempt) == (State.SUCCEEDED, 2)
    assert {
        tag: own_registry.digest_of(repository, tag) for tag in own_registry.tags(repository)
    } == {image.tag: image.digest for image in images}
    stored = Counter(digest.replace("%3A", ":") for digest in _STORED.findall(own_registry.log))
    assert set(stored) == {digest for image in images for digest in image.blobs}
    assert set(stored.values()) == {1}


def test_a_cancelled_run_stops_within_two_seconds_and_keeps_its_copies(
    lines, registry, image_factory, make_mirror, manage
):
    repository = registry.new_repository()
    for number in range(3):
        image_factory(registry, repository, f"1.{number}", layer_size=300_000)
    mirror = make_mirror(repository, source=lines["source"], target=lines["target"])
    lines["source"].bytes_per_second = 20_000
    manage.start_worker("mirrors")
    run = start_run(mirror=mirror, user=None)
    wait_until(lambda: MirrorRun.objects.get(pk=run.pk).bytes_done > 0, seconds=40)

    began = timezone.now()
    cancel_run(run=run, user=None)
    done = ended(run)

    assert done.state == State.CANCELLED
    # The row's own time: what this machine is busy with beside it does not count.
    assert (done.finished_at - began).total_seconds() < 2.5
    assert not done.items.filter(state="copying").exists()


def test_a_temporary_failure_is_retried_within_the_run(
    registry, second_registry, image_factory, make_mirror, run_mirror
):
    repository = registry.new_repository()
    image = image_factory(registry, repository)
    busy = [Reply(503, headers={"Retry-After": "0"})] * 5
    with gateway(registry.host) as source:
        source.server.on("GET", ".*/manifests/sha256:.*", *busy, source.answer)
        run = run_mirror(make_mirror(repository, source=source))
    assert (run.state, run.error) == (State.SUCCEEDED, None)
    assert run.items.get().attempt == 2
    assert second_registry.digest_of(repository, "1.0") == image.digest


@pytest.mark.parametrize("is_taken_over", [False, True])
def test_a_failed_list_prevents_deletion_even_after_a_dead_worker(
    is_taken_over, registry, second_registry, image_factory, make_mirror
):
    unlisted, listed = registry.new_repository(), registry.new_repository()
    image = image_factory(registry, unlisted)
    image_factory(registry, listed)
    image_factory(second_registry, listed, "9.9")
    with gateway(registry.host) as source:
        source.server.on("GET", f"/v2/{unlisted}/tags/list", Reply(403))
        mirror = make_mirror(unlisted, listed, source=source, delete_extras=True, delete_cap=10)
        run = start_run(mirror=mirror, user=None, enqueue=False)
        if is_taken_over:
            digests = {"source_digest": image.digest, "target_digest": image.digest}
            row = {
                "source_repository": unlisted,
                "target_repository": unlisted,
                "tag": "1.0",
                "action": ItemAction.UP_TO_DATE,
            }
            MirrorItem.objects.create(run=run, state=ItemState.DONE, **row, **digests)
        run_in_process(run)
    assert "9.9" in second_registry.tags(listed)
