import pytest

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]


def test_a_mirror_never_has_two_active_runs(registry, make_mirror):
    from transfers.mirrors.services import MirrorBusy, start_plan, start_run

    mirror = make_mirror("tests/busy")
    first = start_run(mirror=mirror, user=None, enqueue=False)
    with pytest.raises(MirrorBusy) as caught:
        start_run(mirror=mirror, user=None, enqueue=False)
    assert caught.value.run == first
    assert start_plan(mirror=mirror, user=None, enqueue=False).is_plan
