import pytest
from django.db.models import F

from tests.parts.processes import wait_until
from tests.parts.slow_line import slow_line
from transfers.mirrors.models import ItemState, MirrorRun
from transfers.mirrors.services import start_run
from transfers.models import State

pytestmark = pytest.mark.django_db(transaction=True)


def ended(run) -> MirrorRun:
    wait_until(lambda: MirrorRun.objects.get(pk=run.pk).is_terminal, seconds=90)
    return MirrorRun.objects.get(pk=run.pk)


def test_a_tag_in_transfer_shows_its_progress(registry, image_factory, make_mirror, manage):
    repository = registry.new_repository()
    image_factory(registry, repository, "1.0", layers=1, layer_size=3_000_000)
    with slow_line(registry.port, 1_000_000) as source:
        mirror = make_mirror(repository, source=source)
        manage.start_worker("mirrors")
        run = start_run(mirror=mirror, user=None)
        in_progress = run.items.filter(
            state=ItemState.COPYING, bytes_done__gt=0, bytes_done__lt=F("bytes_total")
        )
        wait_until(in_progress.exists, seconds=40, what="bytes of the tag")
        source.bytes_per_second = None
        assert ended(run).state == State.SUCCEEDED
    item = run.items.get()
    assert item.bytes_done == item.bytes_total > 3_000_000
