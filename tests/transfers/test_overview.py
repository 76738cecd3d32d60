import pytest
from django.urls import reverse

from tests.parts.error_texts import stored_error
from tests.transfers.rows import transfer_row
from transfers.models import State

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db]


def overview(client):
    return client.get(reverse("web:overview")).content.decode()


def test_the_overview_says_what_runs_what_failed_and_what_is_done(client_for, team, bob):
    transfer_row(team, bob, state=State.RUNNING, target="docker.io/library/running:1")
    failed = transfer_row(
        team,
        bob,
        state=State.FAILED,
        target="docker.io/library/failed:1",
        error=stored_error("The cause."),
    )
    transfer_row(team, bob, state=State.SUCCEEDED, target="docker.io/library/done:1")

    html = overview(client_for(bob))

    for expected in ("Running now", "Failed lately", "The cause.", "Done lately", "every 2s"):
        assert expected in html
    assert reverse("transfers:retry", args=[failed.pk]) in html


def test_a_viewer_is_offered_no_retry(client_for, team, victor):
    failed = transfer_row(team, state=State.FAILED, error=stored_error("The cause."))
    html = overview(client_for(victor))
    assert "The cause." in html
    assert reverse("transfers:retry", args=[failed.pk]) not in html


def test_a_failure_that_was_mended_is_not_shown(client_for, team, bob):
    error = stored_error("The cause.")
    retried = transfer_row(
        team, bob, state=State.FAILED, error=error, age=100, target="docker.io/library/a:1"
    )
    transfer_row(team, bob, retry_of=retried, target="docker.io/library/a:1")
    transfer_row(team, bob, state=State.FAILED, error=error, age=50, target="docker.io/library/b:1")
    transfer_row(team, bob, state=State.SUCCEEDED, target="docker.io/library/b:1")
    transfer_row(
        team,
        bob,
        state=State.FAILED,
        error=error,
        age=10 * 24 * 3600,
        target="docker.io/library/c:1",
    )

    assert "The cause." not in overview(client_for(bob))
