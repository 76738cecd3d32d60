import pytest
from django.urls import reverse

from tests.parts.error_texts import stored_error
from tests.transfers.mirrors.rows import mirror_row, run_row
from transfers.models import State

pytestmark = pytest.mark.django_db


@pytest.fixture
def mirror(team):
    return mirror_row(team)


def address(name, mirror) -> str:
    return reverse(f"mirrors:{name}", args=[mirror.pk])


def test_state_and_rate_of_the_mirror_do_not_count_it(client_for, bob, mirror):
    run_row(mirror, state=State.SUCCEEDED, age=7200)
    run_row(
        mirror,
        state=State.FAILED,
        is_local_pull=True,
        error=stored_error("1 tag failed."),
    )
    status = client_for(bob).get(address("detail", mirror)).context["status"]
    assert (status.rate, status.rated, status.has_failed, status.label) == (
        100,
        1,
        False,
        "Succeeded",
    )

    run_row(mirror, bob, state=State.RUNNING, is_local_pull=True)
    for name in (address("detail", mirror), reverse("mirrors:list")):
        assert "Bringing here" in client_for(bob).get(name).text


HTMX = {"HX-Request": "true"}


def test_the_list_polls_while_something_runs(client_for, victor, team):
    mirror = mirror_row(team)
    client = client_for(victor)
    assert client.get(reverse("mirrors:list"), headers=HTMX).status_code == 286

    run_row(mirror, state=State.RUNNING)
    response = client.get(reverse("mirrors:list"), headers=HTMX)

    assert response.status_code == 200
    assert "hx-trigger" in response.content.decode()
    assert "<h1>" not in response.content.decode()
