"""Workers and queues that die during a transfer, which still ends and sends no blob twice."""

import signal
import time

import pytest

from registry_ui.images.models import LocalImage
from registry_ui.jobs.reconciler import reconcile
from tests.parts.processes import wait_until
from tests.parts.scripted_server import scripted_server
from tests.parts.slow_line import slow_line
from transfers import services
from transfers.models import State, Transfer
from transfers.queues import TRANSFERS

from .conftest import check_every_blob_hashes_to_its_name
from .scripted_registry import (
    check_named,
    children_of,
    expire_heartbeat,
    kill,
    kill_work_horse,
    layers_done,
    manifest_held,
    phase_of,
    recover,
    reference_via,
    times_fetched,
    wait_for_end,
)
from .scripts import ScriptedRegistry

pytestmark = pytest.mark.django_db(transaction=True)


# --- a worker is killed


def test_a_worker_killed_before_the_first_byte_is_replaced(
    team, start, manage, line, registry, image_factory, images_directory
):
    image = image_factory(registry)
    line.hold("GET", "/manifests/")
    worker = manage.start_worker()
    transfer = start(reference_via(line, image))
    assert line.is_holding.wait(20)

    kill(worker)
    line.release(drop=True)
    manage.start_worker()
    ended = recover(transfer)

    assert (ended.state, ended.attempt) == (State.SUCCEEDED, 2), ended.error
    check_named(team, image)
    check_every_blob_hashes_to_its_name(images_directory)


def test_a_worker_killed_within_a_blob_is_replaced_by_one_that_resumes_it(
    team, add_registry, start, manage, images_directory
):
    with scripted_server() as server:
        origin = ScriptedRegistry(server)
        with slow_line(server.port, bytes_per_second=40_000) as line:
            add_registry(team, origin, host=line.host)
            worker = manage.start_worker()
            transfer = start(origin.reference.replace(origin.host, line.host))
            partial = images_directory / "partial" / str(team.pk) / origin.layer.replace(":", "-")
            wait_until(lambda: partial.exists() and partial.stat().st_size > 0)

            kill(worker)
            arrived = partial.stat().st_size
            line.bytes_per_second = None
            manage.start_worker()
            ended = recover(transfer)

    assert (ended.state, ended.attempt) == (State.SUCCEEDED, 2), ended.error
    assert 0 < arrived < len(origin.layer_content)
    assert [call.headers.get("Range") for call in server.made("GET", f".*/{origin.layer}")] == [
        None,
        f"bytes={arrived}-",
    ]
    check_named(team, origin.image)
    check_every_blob_hashes_to_its_name(images_directory)


def test_a_worker_killed_after_the_blobs_is_replaced_by_one_that_fetches_none(
    team, start, manage, line, registry, image_factory, images_directory
):
    image = image_factory(registry, layers=3)
    with manifest_held(images_directory, team, image.digest):
        worker = manage.start_worker()
        transfer = start(reference_via(line, image))
        wait_until(lambda: phase_of(transfer) == "finishing")
        assert not LocalImage.objects.exists()
        kill(worker)
    line.requests.clear()

    manage.start_worker()
    ended = recover(transfer)

    assert (ended.state, ended.attempt) == (State.SUCCEEDED, 2), ended.error
    assert times_fetched(line, image) == [0] * 3
    check_named(team, image)
    check_every_blob_hashes_to_its_name(images_directory)


def test_a_worker_killed_within_a_push_is_replaced_by_one_that_sends_the_rest(
    team, alice, manage, line, registry, pushable
):
    image, target = pushable
    line.hold("PUT", image.layers[-1].replace(":", "%3A"))
    worker = manage.start_worker()
    transfer = services.start_push(team=team, user=alice, reference=target)
    wait_until(lambda: len(layers_done(transfer)) >= 4, seconds=30)

    kill(worker)
    line.release(drop=True)
    sent = layers_done(transfer)
    assert set(sent) == {image.config, *image.layers[:-1]}
    line.requests.clear()
    manage.start_worker()
    ended = recover(transfer)

    assert (ended.state, ended.attempt) == (State.SUCCEEDED, 2), ended.error
    assert (
        line.count("PUT", "/uploads/")
        == line.count("PUT", image.layers[-1].replace(":", "%3A"))
        == 1
    )
    assert registry.digest_of(target.repository, "1.0") == image.digest


def test_a_worker_killed_before_the_tag_is_replaced_by_one_that_only_tags(
    team, alice, manage, line, registry, pushable
):
    image, target = pushable
    line.hold("PUT", "/manifests/")
    worker = manage.start_worker()
    transfer = services.start_push(team=team, user=alice, reference=target)
    assert line.is_holding.wait(20)

    kill(worker)
    line.release(drop=True)
    assert registry.tags(target.repository) == []
    line.requests.clear()
    manage.start_worker()
    ended = recover(transfer)

    assert ended.state == State.SUCCEEDED, ended.error
    assert (line.count("PUT", "/uploads/"), line.count("PUT", "/manifests/")) == (0, 1)
    assert registry.digest_of(target.repository, "1.0") == image.digest


def test_a_worker_killed_before_it_saved_its_success_is_replaced_by_one_that_transfers_nothing(
    team, pull, manage, line, registry, image_factory
):
    image = image_factory(registry)
    transfer = pull(reference_via(line, image))
    Transfer.objects.filter(pk=transfer.pk).update(state=State.RUNNING, finished_at=None, digest="")
    line.requests.clear()

    manage.start_worker()
    ended = recover(transfer)

    assert (ended.state, ended.attempt, ended.digest) == (State.SUCCEEDED, 2, image.digest), (
        ended.error
    )
    assert line.count("GET", "/blobs/") == 0
    check_named(team, image)


def test_a_killed_work_horse_leaves_a_worker_that_runs_the_transfer_again(
    team, start, manage, line, registry, image_factory
):
    image = image_factory(registry)
    line.hold("GET", "/manifests/")
    worker = manage.start_worker()
    transfer = start(reference_via(line, image))
    assert line.is_holding.wait(20)
    horses = children_of(worker.pid)

    kill_work_horse(worker)
    line.release(drop=True)
    wait_until(lambda: children_of(worker.pid) == [], what="the worker noticing")
    ended = recover(transfer)

    assert len(horses) == 1
    assert (ended.state, ended.attempt) == (State.SUCCEEDED, 2), ended.error
    assert worker.popen.poll() is None
    check_named(team, image)


def test_a_worker_asked_to_end_finishes_its_transfer_first(
    team, start, manage, line, registry, image_factory
):
    image = image_factory(registry)
    line.hold("GET", "/blobs/")
    worker = manage.start_worker()
    transfer = start(reference_via(line, image))
    assert line.is_holding.wait(20)

    worker.send(signal.SIGTERM)
    time.sleep(0.5)
    assert worker.popen.poll() is None
    line.release()

    assert worker.popen.wait(20) == 0
    ended = Transfer.objects.get(pk=transfer.pk)
    assert (ended.state, ended.attempt) == (State.SUCCEEDED, 1), ended.error


# --- the queue is lost


def test_after_worker_and_redis_were_killed_the_row_is_enqueued_again(
    team, start, manage, line, registry, image_factory, redis_server
):
    image = image_factory(registry)
    line.hold("GET", "/blobs/")
    worker = manage.start_worker()
    transfer = start(reference_via(line, image))
    assert line.is_holding.wait(20)

    kill(worker)
    redis_server.kill()
    line.release(drop=True)
    redis_server.start()
    manage.start_worker()
    ended = recover(transfer)

    assert (ended.state, ended.attempt) == (State.SUCCEEDED, 2), ended.error
    check_named(team, image)


def test_a_running_transfer_survives_the_death_of_redis(
    start, manage, line, registry, image_factory, redis_server
):
    line.hold("GET", "/blobs/")
    manage.start_worker()
    transfer = start(reference_via(line, image_factory(registry)))
    assert line.is_holding.wait(20)

    redis_server.kill()
    line.release()
    ended = wait_for_end(transfer)
    redis_server.start()

    assert (ended.state, ended.attempt) == (State.SUCCEEDED, 1), ended.error


def test_queued_rows_outlive_a_flushed_redis(
    start, manage, line, registry, image_factory, redis_server
):
    waiting = [start(reference_via(line, image_factory(registry))) for _ in range(2)]

    redis_server.flush()
    for transfer in waiting:
        expire_heartbeat(transfer)
    assert reconcile(TRANSFERS).requeued == 2
    run_worker(manage)

    assert {Transfer.objects.get(pk=transfer.pk).state for transfer in waiting} == {State.SUCCEEDED}


def test_a_job_that_lies_in_the_queue_twice_runs_once(start, manage, line, registry, image_factory):
    image = image_factory(registry)
    transfer = start(reference_via(line, image))
    TRANSFERS.rq.push_job_id(str(transfer.pk))
    assert TRANSFERS.rq.get_job_ids() == [str(transfer.pk)] * 2

    run_worker(manage)

    ended = Transfer.objects.get(pk=transfer.pk)
    assert (ended.state, ended.attempt) == (State.SUCCEEDED, 1), ended.error
    assert times_fetched(line, image) == [1] * len(image.layers)


def run_worker(manage):
    """Run a worker until the queue is empty."""
    assert manage.start("rqworker", "transfers", "--burst").popen.wait(30) == 0
