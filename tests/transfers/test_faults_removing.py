"""Transfers that are cancelled, or whose objects are deleted, while they run."""

import time

import pytest

from registry_ui.images.models import LocalImage
from registry_ui.jobs.reconciler import reconcile
from registry_ui.oci.reference import Reference
from registry_ui.web.errors import describe
from tests.parts.processes import wait_until
from tests.parts.scripted_server import Reply, scripted_server
from tests.parts.slow_line import slow_line
from transfers import services
from transfers.models import State, Transfer
from transfers.queues import TRANSFERS

from .conftest import add_credential
from .scripted_registry import (
    check_named,
    expire_heartbeat,
    kill,
    manifest_held,
    phase_of,
    reference_via,
)
from .scripts import ScriptedRegistry
from .test_runner import run_in_thread

pytestmark = pytest.mark.django_db(transaction=True)


# --- somebody cancels


def check_cancelled(transfer, thread, alice):
    """Check the cancellation within two seconds, or within five on a busy machine."""
    started = time.monotonic()
    services.cancel(transfer, alice)
    thread.join(10)
    assert time.monotonic() - started < 5
    assert Transfer.objects.get(pk=transfer.pk).state == State.CANCELLED


@pytest.mark.parametrize("path", ["/manifests/", "/blobs/"])
def test_a_pull_that_waits_for_an_answer_is_cancelled(
    start, alice, line, registry, image_factory, path
):
    line.hold("GET", path)
    transfer = start(reference_via(line, image_factory(registry)), enqueue=False)
    thread = run_in_thread(transfer)
    assert line.is_holding.wait(20)

    check_cancelled(transfer, thread, alice)

    assert not LocalImage.objects.exists()


def test_a_pull_is_cancelled_in_its_last_step(
    team, start, alice, line, registry, image_factory, images_directory
):
    image = image_factory(registry)
    with manifest_held(images_directory, team, image.digest):
        transfer = start(reference_via(line, image), enqueue=False)
        thread = run_in_thread(transfer)
        wait_until(lambda: phase_of(transfer) == "finishing")

        check_cancelled(transfer, thread, alice)

    assert not LocalImage.objects.exists()


def test_a_pull_that_waits_for_another_one_is_cancelled_and_the_other_continues(
    team, start, alice, line, registry, image_factory
):
    image = image_factory(registry, layers=1)
    line.hold("GET", image.layers[0])
    first = start(reference_via(line, image), enqueue=False)
    first_thread = run_in_thread(first)
    assert line.is_holding.wait(20)
    second = start(reference_via(line, image), enqueue=False)
    second_thread = run_in_thread(second)
    wait_until(lambda: phase_of(second) == "transferring")

    check_cancelled(second, second_thread, alice)
    line.release()
    first_thread.join(20)

    assert Transfer.objects.get(pk=first.pk).state == State.SUCCEEDED
    check_named(team, image)


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


def test_cancelling_while_the_worker_is_dead_ends_the_row(
    team, start, alice, manage, line, registry, image_factory
):
    line.hold("GET", "/blobs/")
    worker = manage.start_worker()
    transfer = start(reference_via(line, image_factory(registry)))
    assert line.is_holding.wait(20)

    kill(worker)
    services.cancel(transfer, alice)
    expire_heartbeat(transfer)

    assert reconcile(TRANSFERS).ended == 1
    assert Transfer.objects.get(pk=transfer.pk).state == State.CANCELLED
    assert not LocalImage.objects.exists()


# --- what a transfer needs is removed meanwhile


def test_a_registry_removed_while_queued_is_an_error_and_no_request_is_sent_in_clear(
    team, start, htpasswd_registry, add_registry, image_factory
):
    image = image_factory(htpasswd_registry)
    with slow_line(htpasswd_registry.port) as line:
        row = add_registry(team, htpasswd_registry, host=line.host, with_credential=False)
        add_credential(row, htpasswd_registry.username, htpasswd_registry.password)
        transfer = start(reference_via(line, image), enqueue=False)
        row.delete()

        ended = services.run_in_process(transfer)

        assert ended.state == State.CANCELLED
        assert line.host in describe(ended.error).sentence
        assert describe(ended.error).advice
        assert line.requests == []


def test_a_registry_removed_while_running_lets_the_transfer_end(
    team, start, line, registry, image_factory
):
    image = image_factory(registry)
    line.hold("GET", "/blobs/")
    transfer = start(reference_via(line, image), enqueue=False)
    thread = run_in_thread(transfer)
    assert line.is_holding.wait(20)

    team.registries.all().delete()
    line.release()
    thread.join(20)

    ended = Transfer.objects.get(pk=transfer.pk)
    assert ended.state == State.SUCCEEDED, ended.error
    check_named(team, image)


def test_a_person_removed_while_running_gets_no_tag(
    start, bob, team, line, registry, image_factory
):
    line.hold("GET", "/blobs/")
    reference = Reference.parse(reference_via(line, image_factory(registry)))
    transfer = services.start_pull(team=team, user=bob, reference=reference, enqueue=False)
    thread = run_in_thread(transfer)
    assert line.is_holding.wait(20)

    bob.delete()
    line.release()
    thread.join(20)

    ended = Transfer.objects.get(pk=transfer.pk)
    assert (ended.state, ended.error["kind"]) == (State.FAILED, "Denied")
    assert "bob" in describe(ended.error).sentence
    assert not LocalImage.objects.exists()
