import pytest
from django.urls import reverse

from tests.transfers.rows import layer, publish_row, transfer_row
from transfers.models import Kind, State
from transfers.views.transfer_list import PAGE_SIZE

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db]


HTMX = {"HX-Request": "true"}


def listed(client, headers=None, **query):
    return client.get(reverse("transfers:list", query=query), headers=headers or {})


def shown(response):
    return [row.transfer for row in response.context["page"].rows]


def test_a_user_sees_the_transfers_of_the_own_team(client_for, team, other_team, victor, charlie):
    ours, theirs = transfer_row(team), transfer_row(other_team)
    assert shown(listed(client_for(victor))) == [ours]
    assert shown(listed(client_for(charlie))) == [theirs]


def test_only_get_is_answered(client_for, bob):
    assert client_for(bob).post(reverse("transfers:list")).status_code == 405
    assert client_for(bob).post(reverse("transfers:active")).status_code == 405


def test_who_is_in_no_team_gets_an_empty_page(client_for, team, bob):
    bob.memberships.all().delete()
    assert listed(client_for(bob)).status_code == 200


def test_an_empty_list_explains_itself(client_for, bob, victor):
    html = listed(client_for(bob)).content.decode()
    assert "Nothing was moved yet" in html
    assert reverse("transfers:pull") in html
    assert reverse("transfers:pull") not in listed(client_for(victor)).content.decode()


def test_nothing_for_a_filter_is_not_nothing_at_all(client_for, team, bob):
    transfer_row(team, bob)
    html = listed(client_for(bob), state="failed").content.decode()
    assert "No transfer matches" in html
    assert "Show all transfers" in html


def test_filters_choose_by_kind_state_and_person(client_for, team, bob, alice):
    pulled = transfer_row(team, bob, state=State.SUCCEEDED)
    failed = publish_row(team, alice, state=State.FAILED)
    waiting = transfer_row(team)
    client = client_for(bob)

    assert shown(listed(client, kind=Kind.PUBLISH)) == [failed]
    assert shown(listed(client, state=State.SUCCEEDED)) == [pulled]
    assert shown(listed(client, state="active")) == [waiting]
    assert shown(listed(client, person="alice")) == [failed]
    assert shown(listed(client, person="command line")) == [waiting]
    assert shown(listed(client, person="bob", state="failed")) == []


def test_a_person_who_was_removed_can_still_be_selected(client_for, team, bob):
    row = transfer_row(team, None, requested_by="gone")
    assert shown(listed(client_for(bob), person="gone")) == [row]


@pytest.mark.parametrize(
    "query",
    [
        {"kind": "x"},
        {"state": "' OR 1=1"},
        {"person": "nobody"},
        {"before": "x"},
        {"before": "2026-01-01_x"},
    ],
)
def test_an_unknown_filter_is_a_bad_request(client_for, team, bob, query):
    transfer_row(team, bob)
    assert listed(client_for(bob), **query).status_code == 400


def test_pages_follow_each_other_without_gap_or_repetition(client_for, team, bob):
    rows = [
        transfer_row(team, bob, state=State.SUCCEEDED, age=1 + number // 2)
        for number in range(PAGE_SIZE + 5)
    ]
    client = client_for(bob)

    first = listed(client, person="bob")
    older = first.context["page"].older
    second = listed(client, person="bob", before=older)

    assert "person=bob&amp;before=" in first.content.decode()
    assert len(shown(first)) == PAGE_SIZE
    assert {row.pk for row in shown(first) + shown(second)} == {row.pk for row in rows}
    assert len(shown(second)) == 5
    assert not second.context["page"].older
    assert "Newest" in second.content.decode()


def test_active_rows_keep_the_list_polling_its_page(client_for, team, bob):
    row = transfer_row(team, bob, state=State.RUNNING, layers=[layer(1, "transferring")])
    client = client_for(bob)
    html = listed(client, state="active").content.decode()
    assert "state=active&amp;poll=1" in html
    assert "every 2s" in html

    polled = listed(client, headers=HTMX, state="active", poll="1")
    assert polled.status_code == 200
    assert "<html" not in polled.content.decode()

    type(row).objects.update(state=State.SUCCEEDED)
    ended = listed(client, headers=HTMX, poll="1")
    assert ended.status_code == 286
    assert "hx-trigger" not in ended.content.decode()


def test_a_filter_by_htmx_returns_the_rows_only(client_for, team, bob):
    transfer_row(team, bob, state=State.SUCCEEDED)
    response = listed(client_for(bob), headers=HTMX, state="succeeded")
    assert response.status_code == 200
    assert "<html" not in response.content.decode()


def test_a_boosted_visit_gets_the_whole_page(client_for, bob):
    assert (
        "<html" in listed(client_for(bob), headers={**HTMX, "HX-Boosted": "true"}).content.decode()
    )


def test_each_waiting_row_shows_its_queue_position(client_for, team, other_team, bob):
    transfer_row(other_team, state=State.RUNNING)
    transfer_row(team, bob)
    transfer_row(team, bob)
    html = listed(client_for(bob)).content.decode()
    assert "1 transfer runs; this one is next." in html
    assert "1 transfer runs, 1 waits before this one." in html


def test_a_list_costs_the_same_however_long_it_is(
    client_for, team, bob, django_assert_max_num_queries
):
    for _ in range(20):
        transfer_row(team, bob)
    client = client_for(bob)
    with django_assert_max_num_queries(9):
        listed(client)


def overview(client):
    return client.get(reverse("web:overview")).content.decode()


def test_another_teams_transfers_are_not_on_the_overview(client_for, team, other_team, bob):
    transfer_row(other_team, state=State.RUNNING, target="docker.io/secret/project:1")
    transfer_row(team, bob, state=State.SUCCEEDED)
    assert "secret" not in overview(client_for(bob))


def test_the_running_card_polls_until_nothing_runs(client_for, team, bob):
    row = transfer_row(team, bob)
    client = client_for(bob)
    active = client.get(reverse("transfers:active"), headers=HTMX)
    assert active.status_code == 200
    assert "hx-trigger" in active.content.decode()

    type(row).objects.update(state=State.SUCCEEDED)
    ended = client.get(reverse("transfers:active"), headers=HTMX)
    assert ended.status_code == 286
    assert "hx-trigger" not in ended.content.decode()
