"""Workers, queue and rows that die or vanish in the middle: every transfer comes to a true end, and sends nothing twice."""

import signal
import time

import pytest

from registry_ui.images.models import LocalImage
from registry_ui.oci.reference import Reference
from tests.parts.process import wait_until
from tests.parts.scripted import Reply, scripted_server
from tests.parts.slow_line import slow_line
from transfers import services
from transfers.models import State, Transfer
from transfers.queueing import queue
from transfers.reconciler import reconcile

from .conftest import add_credential, check_every_blob_hashes_to_its_name
from .faulty import (
    check_named,
    children_of,
    kill,
    kill_work_horse,
    layers_done,
    let_time_pass,
    manifest_held,
    phase_of,
    recover,
    through,
    wait_for_end,
)
from .scripts import ScriptedRegistry
from .test_running import run_in_thread

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def line(team, registry, add_registry):
    """The registry by way of a line that can be slow, or hold a request."""
    with slow_line(registry.port) as line:
        add_registry(team, registry, host=line.host)
        yield line


@pytest.fixture
def start(team, alice):
    """Start a pull as Alice."""

    def run(reference, **options):
        return services.start_pull(team=team, user=alice, reference=Reference.parse(reference), **options)

    return run


@pytest.fixture
def pushable(team, pull, registry, line, add_registry, image_factory):
    """A local image whose name leads back through the line, to a repository that lacks it; four layers of a MiB."""
    add_registry(team, registry)
    image = image_factory(registry, layers=4, layer_size=1 << 20)
    pull(image.reference)
    target = Reference.parse(f"{line.host}/{registry.new_repository()}:1.0")
    services.start_tag(team=team, user=None, source=Reference.parse(image.reference), target=target)
    line.requests.clear()
    return image, target


# --- a worker is killed


def test_a_worker_killed_before_the_first_byte_is_replaced(team, start, manage, line, registry, image_factory, images_directory):
    image = image_factory(registry)
    line.hold("GET", "/manifests/")
    worker = manage.start_worker()
    transfer = start(through(line, image))
    assert line.is_holding.wait(20)

    kill(worker)
    line.release(drop=True)
    manage.start_worker()
    ended = recover(transfer)

    assert (ended.state, ended.attempt) == (State.SUCCEEDED, 2), ended.error
    check_named(team, image)
    check_every_blob_hashes_to_its_name(images_directory)


def test_a_worker_killed_within_a_blob_is_replaced_by_one_that_goes_on_there(team, add_registry, start, manage, images_directory):
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
    assert [call.headers.get("Range") for call in server.made("GET", f".*/{origin.layer}")] == [None, f"bytes={arrived}-"]
    check_named(team, origin.image)
    check_every_blob_hashes_to_its_name(images_directory)


def test_a_worker_killed_after_the_blobs_is_replaced_by_one_that_fetches_none(
    team, start, manage, line, registry, image_factory, images_directory
):
    image = image_factory(registry, layers=3)
    with manifest_held(images_directory, team, image.digest):
        worker = manage.start_worker()
        transfer = start(through(line, image))
        wait_until(lambda: phase_of(transfer) == "finishing")
        assert not LocalImage.objects.exists()
        kill(worker)
    line.requests.clear()

    manage.start_worker()
    ended = recover(transfer)

    assert (ended.state, ended.attempt) == (State.SUCCEEDED, 2), ended.error
    assert line.count("GET", "/blobs/") == 0
    check_named(team, image)
    check_every_blob_hashes_to_its_name(images_directory)


def test_a_worker_killed_within_a_push_is_replaced_by_one_that_sends_the_rest(team, alice, manage, line, registry, pushable):
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
    assert line.count("PUT", "/uploads/") == line.count("PUT", image.layers[-1].replace(":", "%3A")) == 1
    assert registry.digest_of(target.repository, "1.0") == image.digest


def test_a_worker_killed_before_the_tag_is_replaced_by_one_that_only_tags(team, alice, manage, line, registry, pushable):
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


def test_a_killed_work_horse_leaves_a_worker_that_runs_the_transfer_again(team, start, manage, line, registry, image_factory):
    image = image_factory(registry)
    line.hold("GET", "/manifests/")
    worker = manage.start_worker()
    transfer = start(through(line, image))
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


def test_a_worker_asked_to_end_finishes_its_transfer_first(team, start, manage, line, registry, image_factory):
    image = image_factory(registry)
    line.hold("GET", "/blobs/")
    worker = manage.start_worker()
    transfer = start(through(line, image))
    assert line.is_holding.wait(20)

    worker.send(signal.SIGTERM)
    time.sleep(0.5)
    assert worker.popen.poll() is None
    line.release()

    assert worker.popen.wait(20) == 0
    ended = Transfer.objects.get(pk=transfer.pk)
    assert (ended.state, ended.attempt) == (State.SUCCEEDED, 1), ended.error


# --- the queue is lost


def test_after_worker_and_redis_were_killed_the_row_brings_everything_back(
    team, start, manage, line, registry, image_factory, redis_server
):
    image = image_factory(registry)
    line.hold("GET", "/blobs/")
    worker = manage.start_worker()
    transfer = start(through(line, image))
    assert line.is_holding.wait(20)

    kill(worker)
    redis_server.kill()
    line.release(drop=True)
    redis_server.start()
    manage.start_worker()
    ended = recover(transfer)

    assert (ended.state, ended.attempt) == (State.SUCCEEDED, 2), ended.error
    check_named(team, image)


def test_a_running_transfer_survives_the_death_of_redis(start, manage, line, registry, image_factory, redis_server):
    line.hold("GET", "/blobs/")
    manage.start_worker()
    transfer = start(through(line, image_factory(registry)))
    assert line.is_holding.wait(20)

    redis_server.kill()
    line.release()
    ended = wait_for_end(transfer)
    redis_server.start()

    assert (ended.state, ended.attempt) == (State.SUCCEEDED, 1), ended.error


def test_queued_rows_outlive_a_flushed_redis(start, manage, line, registry, image_factory, redis_server):
    waiting = [start(through(line, image_factory(registry))) for _ in range(2)]

    redis_server.flush()
    for transfer in waiting:
        let_time_pass(transfer)
    assert reconcile().requeued == 2
    work_off(manage)

    assert {Transfer.objects.get(pk=transfer.pk).state for transfer in waiting} == {State.SUCCEEDED}


def test_a_job_that_lies_in_the_queue_twice_runs_once(start, manage, line, registry, image_factory):
    transfer = start(through(line, image_factory(registry)))
    queue().push_job_id(str(transfer.pk))
    assert queue().get_job_ids() == [str(transfer.pk)] * 2

    work_off(manage)

    ended = Transfer.objects.get(pk=transfer.pk)
    assert (ended.state, ended.attempt) == (State.SUCCEEDED, 1), ended.error
    assert line.count("GET", "/manifests/") == 1


def work_off(manage):
    """A worker that runs what is queued and ends."""
    assert manage.start("rqworker", "transfers", "--burst").popen.wait(30) == 0


# --- somebody cancels


def check_cancelled(transfer, thread, alice):
    """Within two seconds, or five on a machine that has other things to do."""
    started = time.monotonic()
    services.cancel(transfer, alice)
    thread.join(10)
    assert time.monotonic() - started < 5
    assert Transfer.objects.get(pk=transfer.pk).state == State.CANCELLED


@pytest.mark.parametrize("path", ["/manifests/", "/blobs/"])
def test_a_pull_that_waits_for_an_answer_is_cancelled(start, alice, line, registry, image_factory, path):
    line.hold("GET", path)
    transfer = start(through(line, image_factory(registry)), enqueue=False)
    thread = run_in_thread(transfer)
    assert line.is_holding.wait(20)

    check_cancelled(transfer, thread, alice)

    assert not LocalImage.objects.exists()


def test_a_pull_is_cancelled_in_its_last_step(team, start, alice, line, registry, image_factory, images_directory):
    image = image_factory(registry)
    with manifest_held(images_directory, team, image.digest):
        transfer = start(through(line, image), enqueue=False)
        thread = run_in_thread(transfer)
        wait_until(lambda: phase_of(transfer) == "finishing")

        check_cancelled(transfer, thread, alice)

    assert not LocalImage.objects.exists()


def test_a_pull_that_keeps_still_for_the_registry_is_cancelled(team, start, alice, add_registry):
    with scripted_server() as server:
        origin = ScriptedRegistry(server)
        add_registry(team, origin)
        origin.answer_layer(Reply(429, headers={"Retry-After": "60"}))
        transfer = start(origin.reference, enqueue=False)
        thread = run_in_thread(transfer)
        wait_until(lambda: phase_of(transfer) == "paused")

        check_cancelled(transfer, thread, alice)

    assert not LocalImage.objects.exists()


def test_a_push_is_cancelled_before_its_tag(team, alice, line, registry, pushable):
    _, target = pushable
    line.hold("PUT", "/manifests/")
    transfer = services.start_push(team=team, user=alice, reference=target, enqueue=False)
    thread = run_in_thread(transfer)
    assert line.is_holding.wait(20)

    check_cancelled(transfer, thread, alice)
    line.release(drop=True)

    assert registry.tags(target.repository) == []


def test_cancelling_while_the_worker_is_dead_ends_the_row(team, start, alice, manage, line, registry, image_factory):
    line.hold("GET", "/blobs/")
    worker = manage.start_worker()
    transfer = start(through(line, image_factory(registry)))
    assert line.is_holding.wait(20)

    kill(worker)
    services.cancel(transfer, alice)
    let_time_pass(transfer)

    assert reconcile().ended == 1
    assert Transfer.objects.get(pk=transfer.pk).state == State.CANCELLED
    assert not LocalImage.objects.exists()


# --- what a transfer needs is removed meanwhile


def test_a_registry_removed_while_queued_ends_in_a_sentence_and_nothing_goes_there_in_clear(
    team, start, htpasswd_registry, add_registry, image_factory
):
    image = image_factory(htpasswd_registry)
    with slow_line(htpasswd_registry.port) as line:
        row = add_registry(team, htpasswd_registry, host=line.host, with_credential=False)
        add_credential(row, htpasswd_registry.username, htpasswd_registry.password)
        transfer = start(through(line, image), enqueue=False)
        row.delete()

        ended = services.run_here(transfer)

        assert ended.state == State.FAILED
        assert line.host in ended.error["message"]
        assert ended.error["advice"]
        assert line.requests == []


def test_a_registry_removed_while_running_lets_the_transfer_end(team, start, line, registry, image_factory):
    image = image_factory(registry)
    line.hold("GET", "/blobs/")
    transfer = start(through(line, image), enqueue=False)
    thread = run_in_thread(transfer)
    assert line.is_holding.wait(20)

    team.registries.all().delete()
    line.release()
    thread.join(20)

    ended = Transfer.objects.get(pk=transfer.pk)
    assert ended.state == State.SUCCEEDED, ended.error
    check_named(team, image)


def test_a_person_removed_while_running_gets_nothing_named(start, bob, team, line, registry, image_factory):
    line.hold("GET", "/blobs/")
    reference = Reference.parse(through(line, image_factory(registry)))
    transfer = services.start_pull(team=team, user=bob, reference=reference, enqueue=False)
    thread = run_in_thread(transfer)
    assert line.is_holding.wait(20)

    bob.delete()
    line.release()
    thread.join(20)

    ended = Transfer.objects.get(pk=transfer.pk)
    assert (ended.state, ended.error["kind"]) == (State.FAILED, "Denied")
    assert "bob" in ended.error["message"]
    assert not LocalImage.objects.exists()
