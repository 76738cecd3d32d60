import signal
import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from registry_ui.images.models import LocalImage
from registry_ui.jobs.reconciler import HEARTBEAT_TIMEOUT, QUEUE_LIMIT, reconcile
from registry_ui.oci.reference import Reference
from tests.parts.processes import wait_until
from tests.parts.slow_line import slow_line
from transfers import services
from transfers.models import State, Transfer
from transfers.queues import TRANSFERS

from .conftest import check_every_blob_hashes_to_its_name

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def transfer(team, alice):
    return services.start_pull(
        team=team, user=alice, reference=Reference.parse("127.0.0.1:1/nothing:1"), enqueue=False
    )


def set_age(transfer, age, **values):
    heartbeat_at = timezone.now() - age - timedelta(seconds=1)
    Transfer.objects.filter(pk=transfer.pk).update(
        queued_at=heartbeat_at, heartbeat_at=heartbeat_at, **values
    )


def test_a_queued_row_that_redis_lost_is_enqueued_again(transfer):
    set_age(transfer, QUEUE_LIMIT)

    assert reconcile(TRANSFERS).requeued == 1
    assert TRANSFERS.queued_ids() == {str(transfer.pk)}


def test_a_queued_row_that_waits_in_the_queue_is_left_alone(transfer):
    set_age(transfer, QUEUE_LIMIT)
    reconcile(TRANSFERS)
    set_age(transfer, QUEUE_LIMIT)

    assert reconcile(TRANSFERS).requeued == 0
    assert TRANSFERS.rq.count == 1


def test_a_fresh_row_is_left_alone(transfer):
    assert reconcile(TRANSFERS).requeued == 0


def test_a_running_row_without_a_sign_of_life_is_queued_again(transfer):
    set_age(transfer, HEARTBEAT_TIMEOUT, state=State.RUNNING, claim=uuid.uuid4(), attempt=1)

    reconcile(TRANSFERS)

    transfer.refresh_from_db()
    assert (transfer.state, transfer.claim) == (State.QUEUED, None)
    assert TRANSFERS.queued_ids() == {str(transfer.pk)}


def test_a_running_row_that_gave_a_sign_of_life_is_left_alone(transfer):
    Transfer.objects.filter(pk=transfer.pk).update(
        state=State.RUNNING, claim=uuid.uuid4(), heartbeat_at=timezone.now()
    )

    reconcile(TRANSFERS)

    transfer.refresh_from_db()
    assert transfer.state == State.RUNNING


def test_a_row_whose_workers_keep_dying_fails_with_the_cause(transfer, settings):
    set_age(
        transfer,
        HEARTBEAT_TIMEOUT,
        state=State.RUNNING,
        claim=uuid.uuid4(),
        attempt=settings.TRANSFER_ATTEMPTS,
    )

    reconcile(TRANSFERS)

    transfer.refresh_from_db()
    assert (transfer.state, transfer.error["kind"]) == (State.FAILED, "WorkerLost")
    assert transfer.finished_at is not None


def test_a_cancelled_row_whose_worker_died_ends(transfer):
    set_age(
        transfer,
        HEARTBEAT_TIMEOUT,
        state=State.RUNNING,
        claim=uuid.uuid4(),
        cancel_requested_at=timezone.now(),
    )

    reconcile(TRANSFERS)

    transfer.refresh_from_db()
    assert transfer.state == State.CANCELLED


def test_while_redis_is_down_rows_wait_and_start_when_it_is_back(transfer, redis_server):
    set_age(transfer, QUEUE_LIMIT)
    redis_server.process.kill()
    assert reconcile(TRANSFERS).requeued == 0

    redis_server.start()
    set_age(transfer, QUEUE_LIMIT)

    assert reconcile(TRANSFERS).requeued == 1


def test_a_row_is_made_even_while_redis_is_down(team, alice, redis_server):
    redis_server.process.kill()

    transfer = services.start_pull(
        team=team, user=alice, reference=Reference.parse("127.0.0.1:1/nothing:1")
    )

    assert Transfer.objects.get(pk=transfer.pk).state == State.QUEUED
    redis_server.start()


def test_a_real_worker_runs_what_was_queued(
    team, alice, manage, registry, add_registry, image_factory
):
    add_registry(team, registry)
    image = image_factory(registry)
    manage.start_worker()

    transfer = services.start_pull(
        team=team, user=alice, reference=Reference.parse(image.reference)
    )

    wait_until(lambda: Transfer.objects.get(pk=transfer.pk).is_terminal, seconds=30)
    transfer.refresh_from_db()
    assert transfer.state == State.SUCCEEDED, transfer.error


def test_after_sigkill_of_the_worker_the_transfer_completes_and_no_finished_blob_comes_again(
    team, alice, manage, registry, add_registry, image_factory, images_directory
):
    image = image_factory(registry, layers=4, layer_size=1 << 20)
    with slow_line(registry.port, bytes_per_second=512 << 10) as line:
        add_registry(team, registry, host=line.host)
        first = manage.start_worker()
        transfer = services.start_pull(
            team=team,
            user=alice,
            reference=Reference.parse(f"{line.host}/{image.repository}:{image.tag}"),
        )
        wait_until(lambda: finished_layers(transfer), seconds=30)

        first.send(signal.SIGKILL)
        first.popen.wait()
        arrived = finished_layers(transfer)
        line.requests.clear()
        Transfer.objects.filter(pk=transfer.pk).update(
            heartbeat_at=timezone.now() - HEARTBEAT_TIMEOUT - timedelta(seconds=1)
        )
        line.bytes_per_second = None
        manage.start_worker()
        reconcile(TRANSFERS)

        wait_until(lambda: Transfer.objects.get(pk=transfer.pk).is_terminal, seconds=30)
        transfer.refresh_from_db()
        assert transfer.state == State.SUCCEEDED, transfer.error
        assert transfer.attempt == 2
        assert arrived
        for digest in arrived:
            assert line.count("GET", f"/blobs/{digest}") == 0
    assert LocalImage.objects.get(team=team).image_id == image.config
    check_every_blob_hashes_to_its_name(images_directory)


def finished_layers(transfer):
    """Return the finished layers without the config, which each attempt reads again."""
    transfer.refresh_from_db()
    return [
        layer["digest"]
        for layer in transfer.progress.get("layers", [])
        if layer["state"] == "done" and layer["kind"] == "layer"
    ]
