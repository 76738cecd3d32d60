"""The page of a run or plan, and actions that start runs."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from tests.parts.error_texts import stored_error
from transfers.mirrors.models import ItemAction, ItemState, MirrorRun, Trigger
from transfers.models import State

from ..rows import MIB, item_row, mirror_row, run_row

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}


@pytest.fixture
def mirror(team):
    return mirror_row(team)


def page(client, run, **query):
    return client.get(reverse("mirrors:run", args=[run.pk]), query).content.decode()


def test_a_plan_shows_its_tags_and_reasons(client_for, bob, victor, mirror):
    totals = {
        "new": 1,
        "changed": 1,
        "up_to_date": 4,
        "repositories": 2,
        "new_repositories": 1,
        "pulls": 3,
        "unselected": 7,
    }
    run = run_row(
        mirror, bob, state=State.SUCCEEDED, is_plan=True, bytes_total=30 * MIB, totals=totals
    )
    item_row(run, "1.27", bytes_total=20 * MIB)
    item_row(run, "1.26", ItemAction.SKIPPED, reason="The rule keeps it")

    content = page(client_for(bob), run)

    for text in (
        "2 tags to copy",
        "30.0\xa0MiB to move",
        "1 to be made",
        "The rule keeps it",
        "Run as shown",
        "Pulls that the source counts",
    ):
        assert text in content, text
    assert 'hx-trigger="every' not in content
    assert "Run as shown" not in page(client_for(victor), run)


def test_a_plan_with_nothing_to_do_says_so(client_for, bob, mirror):
    run = run_row(mirror, state=State.SUCCEEDED, is_plan=True, totals={"up_to_date": 4})

    content = page(client_for(bob), run)

    assert "Both sides are the same" in content
    assert "Run as shown" not in content


def test_a_running_page_polls_and_shows_transfers(client_for, bob, mirror):
    layers = [{"digest": "sha256:" + "a" * 64, "size": 100, "offset": 40, "state": "transferring"}]
    progress = {
        "phase": "copying",
        "layers": layers,
        "speed": 2 * MIB,
        "seconds_left": 42,
        "pause": None,
        "notes": ["A note."],
    }
    run = run_row(
        mirror,
        state=State.RUNNING,
        bytes_done=MIB,
        bytes_total=4 * MIB,
        progress=progress,
        totals={"new": 4, "done": 1, "copying": 1},
    )
    item_row(run, "1.27", state=ItemState.COPYING, bytes_total=3 * MIB, bytes_done=MIB)
    client = client_for(bob)

    content = page(client, run)
    for text in (
        "25 %",
        "2.0\xa0MiB/s",
        "42\xa0s left",
        "Moving now",
        "aaaaaaaaaaaa",
        "A note.",
        reverse("mirrors:progress", args=[run.pk]),
    ):
        assert text in content, text
    fingerprint = client.get(reverse("mirrors:run", args=[run.pk])).context["fingerprint"]

    same = client.get(
        reverse("mirrors:progress", args=[run.pk]), {"seen": fingerprint}, headers=HTMX
    )
    other = client.get(reverse("mirrors:progress", args=[run.pk]), {"seen": "x"}, headers=HTMX)

    assert (same.status_code, "HX-Retarget" in same, b"<button" in same.content) == (
        200,
        False,
        False,
    )
    assert (other.status_code, other["HX-Retarget"]) == (200, "#run")


def test_polling_stops_at_the_end(client_for, bob, mirror):
    run = run_row(mirror, state=State.SUCCEEDED, totals={"done": 1, "new": 1})

    response = client_for(bob).get(
        reverse("mirrors:progress", args=[run.pk]), {"seen": "running"}, headers=HTMX
    )

    assert response.status_code == 286
    assert "every 1s" not in response.content.decode()


def test_a_postponed_run_shows_its_time_and_reason(client_for, bob, mirror):
    resume_at = timezone.now() + timedelta(minutes=30)
    run = run_row(
        mirror,
        state=State.QUEUED,
        postponed_until=resume_at,
        postponed_reason=stored_error("Docker Hub counts pulls."),
        totals={"new": 2},
    )

    content = page(client_for(bob), run)

    assert f"Postponed until {timezone.localtime(resume_at):%H:%M}:" in content
    assert "Docker Hub counts pulls." in content
    assert "No worker" not in content


def test_a_failed_run_shows_causes_and_its_retry(client_for, bob, mirror):
    error = stored_error("One tag failed.")
    run = run_row(
        mirror, state=State.FAILED, error=error, totals={"new": 2, "done": 1, "failed": 1}
    )
    item_row(
        run,
        "1.27",
        state=ItemState.FAILED,
        error=stored_error("A layer is missing."),
    )
    item_row(run, "1.28", state=ItemState.DONE, verification="differs")

    content = page(client_for(bob), run)

    for text in (
        "Partly failed",
        "One tag failed",
        "A layer is missing.",
        "Retry what failed",
        "The target names something else",
    ):
        assert text in content, text


def test_thousands_of_tags_are_filtered_and_paged(client_for, victor, mirror):
    run = run_row(mirror, state=State.SUCCEEDED)
    for number in range(130):
        item_row(run, f"1.{number}", ItemAction.UP_TO_DATE, ItemState.DONE)
    item_row(run, "new-one")
    client = client_for(victor)

    first = client.get(reverse("mirrors:run", args=[run.pk]))
    second = client.get(
        reverse("mirrors:run", args=[run.pk]), {"after": first.context["page"].next}
    )
    filtered = client.get(reverse("mirrors:items", args=[run.pk]), {"show": "new"}, headers=HTMX)

    assert (len(first.context["page"].rows), len(second.context["page"].rows)) == (100, 31)
    assert [item.tag for item in filtered.context["page"].rows] == ["new-one"]
    assert "<h1>" not in filtered.content.decode()
    assert client.get(reverse("mirrors:items", args=[run.pk])).status_code == 302
    assert (
        len(
            client.get(reverse("mirrors:run", args=[run.pk]), {"show": "nonsense"})
            .context["page"]
            .rows
        )
        == 100
    )
    assert (
        client.get(reverse("mirrors:run", args=[run.pk]), {"after": "nonsense"}).status_code == 400
    )


# --- what is begun


def test_plan_and_run_redirect_to_their_pages(client_for, bob, mirror):
    client = client_for(bob)

    plan = client.post(reverse("mirrors:plan", args=[mirror.pk]))
    run = client.post(reverse("mirrors:start", args=[mirror.pk]))

    started = {run.is_plan: run for run in MirrorRun.objects.all()}
    assert plan["Location"] == reverse("mirrors:run", args=[started[True].pk])
    assert run["Location"] == reverse("mirrors:run", args=[started[False].pk])
    assert (started[False].trigger, started[False].user) == (Trigger.PERSON, bob)


def test_a_running_mirror_is_not_started_twice(client_for, bob, mirror):
    run_row(mirror, state=State.RUNNING)
    client = client_for(bob)

    response = client.post(reverse("mirrors:start", args=[mirror.pk]), follow=True)

    assert MirrorRun.objects.count() == 1
    assert "runs already" in response.content.decode()


def test_only_failed_tags_are_retried(client_for, bob, mirror):
    run = run_row(mirror, state=State.FAILED, totals={"failed": 1})
    item_row(run, "1.27", state=ItemState.FAILED)
    item_row(run, "1.28", state=ItemState.DONE)
    client = client_for(bob)

    client.post(reverse("mirrors:retry", args=[run.pk]))

    again = MirrorRun.objects.get(retry_of=run)
    assert again.limited_to == [{"repository": "library/nginx", "tag": "1.27"}]
    assert reverse("mirrors:run", args=[again.pk]) in page(client, run)


def test_selecting_no_pair_starts_nothing(client_for, bob, mirror):
    client_for(bob).post(reverse("mirrors:sync", args=[mirror.pk]))

    assert not MirrorRun.objects.exists()


def test_a_waiting_run_is_cancelled_at_once(client_for, bob, mirror):
    run = run_row(mirror)

    client_for(bob).post(reverse("mirrors:cancel", args=[run.pk]))

    run.refresh_from_db()
    assert run.state == State.CANCELLED
