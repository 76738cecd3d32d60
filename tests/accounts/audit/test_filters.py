from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from registry_ui.accounts.models import Action, AuditEvent

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db]


URL, EXPORT = reverse("accounts:audit_log"), reverse("accounts:audit_log_export")


URL, EXPORT = reverse("accounts:audit_log"), reverse("accounts:audit_log_export")


def test_days_are_in_the_persons_time_zone(client_for, alice, team):
    timestamp = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)
    AuditEvent.objects.create(
        action=Action.SIGNED_IN,
        actor_kind="person",
        actor_key=str(alice.pk),
        actor_name="alice",
        at=timestamp,
    )
    alice.time_zone = "Asia/Shanghai"
    alice.save()
    client = client_for(alice)
    assert "Monday, 2 March 2026" in client.get(URL).text
    assert "signed in" in client.get(URL, {"since": "2026-03-02", "until": "2026-03-02"}).text
    assert "Nothing matches" in client.get(URL, {"until": "2026-03-01"}).text


def test_pagination_keeps_the_filter(client_for, alice, team):
    now = timezone.now()
    for number in range(120):
        at = now - timedelta(seconds=number // 2)
        AuditEvent.objects.create(
            action=Action.SIGNED_IN,
            actor_kind="person",
            team_key=team.pk,
            actor_name="alice",
            object_name=f"<{number}>",
            at=at,
        )

    client, seen, address = client_for(alice), [], f"{URL}?who=alice&team={team.pk}"
    while address:
        page = client.get(address)
        seen += [line.event.pk for line in page.context["lines"]]
        after = page.context["page"].next
        assert (f"?who=alice&amp;team={team.pk}&amp;after={after[:10]}" in page.text) == bool(after)
        address = (
            f"{URL}?who=alice&team={team.pk}&after={after.replace('+', '%2B')}" if after else ""
        )
    assert len(seen) == len(set(seen)) == 120


@pytest.mark.parametrize(
    "query",
    [
        {"action": "nonsense"},
        {"since": "x"},
        {"team": "x"},
        {"outcome": "x"},
        {"after": "x"},
        {"who": "\0"},
    ],
)
def test_invalid_filters_are_refused(client_for, bob, query):
    assert client_for(bob).get(URL, query).status_code == 400
