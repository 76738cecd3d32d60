import pytest
from django.urls import reverse

from tests.transfers.mirrors.rows import item_row, mirror_row, pair_row, run_row
from transfers.mirrors.models import MirrorRun
from transfers.models import State

pytestmark = pytest.mark.django_db


@pytest.fixture
def mirror(team):
    return mirror_row(team)


def address(name, mirror) -> str:
    return reverse(f"mirrors:{name}", args=[mirror.pk])


def page(client, mirror) -> str:
    return client.get(address("local_pull", mirror)).content.decode()


def test_operators_start_it_once_and_viewers_never(client_for, bob, victor, charlie, mirror):
    viewer = client_for(victor)
    content = page(viewer, mirror)
    assert "Whoever may run the mirror can bring them here." in content
    assert f'action="{address("local_pull", mirror)}"' not in content
    assert viewer.post(address("local_pull", mirror)).status_code == 403
    outsider = client_for(charlie)
    assert [
        outsider.get(address("local_pull", mirror)).status_code,
        outsider.post(address("local_pull", mirror)).status_code,
    ] == [404, 404]
    assert client_for(bob).put(address("local_pull", mirror)).status_code == 405

    answer = client_for(bob).post(address("local_pull", mirror))

    run = MirrorRun.objects.get()
    assert (run.is_local_pull, run.is_plan, run.user, run.trigger) == (True, False, bob, "person")
    assert answer["Location"] == reverse("mirrors:run", args=[run.pk])
    assert "runs already" in client_for(bob).post(address("local_pull", mirror), follow=True).text
    content = page(client_for(bob), mirror)
    assert "The images are on their way here." in content
    assert reverse("mirrors:run", args=[run.pk]) in content


def test_a_plan_is_run_as_shown(client_for, bob, mirror):
    plan = run_row(mirror, state=State.SUCCEEDED, is_plan=True, totals={"new": 1})
    item_row(plan, "1.27")

    client_for(bob).post(reverse("mirrors:run_plan", args=[plan.pk]))

    assert MirrorRun.objects.get(is_plan=False).based_on == plan


def test_selected_pairs_are_synced(client_for, bob, mirror, other_team):
    selected, _other = (
        pair_row(mirror, "library/nginx", missing=2),
        pair_row(mirror, "library/redis", missing=1),
    )
    foreign = pair_row(mirror_row(other_team), "secret/app", missing=1)
    client = client_for(bob)

    client.post(
        reverse("mirrors:sync", args=[mirror.pk]),
        {"pair": [selected.pk, foreign.pk, "x", "9" * 40]},
    )

    assert MirrorRun.objects.get().limited_to == [{"repository": "library/nginx"}]
