import pytest

from tests.transfers.mirrors.outcomes import outcome
from transfers.mirrors.models import ItemAction
from transfers.mirrors.run import phases
from transfers.mirrors.run.context import RunContext
from transfers.models import State

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]


def test_bytes_of_waiting_images_are_estimated(
    registry, image_factory, make_mirror, run_mirror, monkeypatch
):
    repository = registry.new_repository()
    for number in range(5):
        image_factory(registry, repository, f"1.{number}", layers=1, layer_size=50_000)
    expected = []

    def checkpoint(context):
        original_checkpoint(context)
        if context.copier is not None:
            expected.append(context.copier.totals()[1] + context.copier.estimated_bytes())

    original_checkpoint = RunContext.checkpoint
    monkeypatch.setattr(RunContext, "checkpoint", checkpoint)
    monkeypatch.setattr(phases, "_GROUPS", 1)

    run = run_mirror(make_mirror(repository))

    assert expected[0] == pytest.approx(run.bytes_total, rel=0.3)
    assert expected[-1] == run.bytes_total
    assert run.progress["estimated_bytes"] == 0


def test_a_plan_copies_nothing_and_reports_the_bytes(
    registry, second_registry, image_factory, make_mirror, plan_mirror, run_mirror
):
    repository = registry.new_repository()
    image_factory(registry, repository, "1.0", shared_layers=["base"], layers=1)
    image_factory(registry, repository, "1.1", shared_layers=["base"], layers=1)
    image_factory(registry, repository, "2.0-rc1")
    mirror = make_mirror(repository, selection={"prereleases": False})

    plan = plan_mirror(mirror)

    assert plan.state == State.SUCCEEDED
    assert plan.mirror.last_run_id is None
    assert outcome(plan) == {"1.0": "new waiting", "1.1": "new waiting", "2.0-rc1": "skipped done"}
    assert second_registry.tags(repository) == []
    run = run_mirror(mirror)
    assert plan.bytes_total == run.bytes_done
    assert (
        sum(item.bytes_total for item in plan.items.filter(action=ItemAction.NEW))
        == plan.bytes_total
    )
    assert plan.totals["new_repositories"] == 1
