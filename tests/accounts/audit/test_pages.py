"""The page and the export files of the audit log."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from registry_ui.accounts.audit.action_groups import all_groups
from registry_ui.accounts.audit.log import Origin, acting_as, record
from registry_ui.accounts.audit.sentences import sentence
from registry_ui.accounts.models import Action, ActorKind, AuditEvent, Membership, Outcome
from registry_ui.registries.models import Registry
from transfers.models import Kind, Transfer

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db]
URL, EXPORT = reverse("accounts:audit_log"), reverse("accounts:audit_log_export")


@pytest.fixture
def registry(team):
    return Registry.objects.create(team=team, name="Depot", host="depot.example.com")


@pytest.fixture
def events(team, other_team, alice, bob, charlie, registry):
    record(Action.REGISTRY_ADDED, user=alice, obj=registry, host=registry.host)
    record(Action.MEMBER_ADDED, user=alice, team=team, obj=bob, role="operator")
    record(
        Action.ACCESS_REFUSED,
        user=bob,
        team=team,
        outcome=Outcome.REFUSED,
        name="registries:edit",
        reason="No.",
    )
    record(Action.REGISTRY_ADDED, user=charlie, team=other_team, name="lighthouse-registry")
    record(Action.SIGNED_IN, user=charlie)
    record(Action.SIGNED_IN, user=bob)


def test_the_page_shows_the_events_of_the_team(client_for, bob, events, registry):
    page = client_for(bob).get(URL)
    assert page.status_code == 200
    assert f'<a href="{reverse("registries:detail", args=[registry.pk])}">' in page.text
    for text in (
        "<strong>alice</strong> added the registry",
        "Depot",
        "<strong>bob</strong> signed in",
        "was refused: No.",
        "Today",
    ):
        assert text in page.text


def test_an_outsider_sees_nothing_of_the_team(client_for, charlie, events, team):
    client = client_for(charlie)
    exported = b"".join(client.get(EXPORT).streaming_content).decode()
    for text in (client.get(URL).text, exported):
        assert "lighthouse-registry" in text
        assert not [word for word in ("Depot", "alice", "bob", "Harbour") if word in text]
    assert (
        client.get(URL, {"team": team.pk}).status_code
        == client.get(EXPORT, {"team": team.pk}).status_code
        == 400
    )
    for query in (
        {"who": "alice"},
        {"object": "Depot"},
        {"action": "group:registries", "object": "depot"},
    ):
        assert "Nothing matches" in client.get(URL, query).text


def test_events_without_a_team_are_visible_to_the_actor_only(client_for, bob, victor, events):
    assert "signed in" in client_for(bob).get(URL, {"action": "session.started"}).text
    assert "bob" not in client_for(victor).get(URL, {"action": "session.started"}).text


def test_an_administrator_of_the_installation_sees_everything(client_for, alice, events):
    alice.is_superuser = True
    alice.save()
    text = client_for(alice).get(URL).text
    assert "Depot" in text
    assert "lighthouse-registry" in text


def test_a_former_member_sees_no_events(client_for, bob, events):
    Membership.objects.filter(user=bob).delete()
    assert "Depot" not in client_for(bob).get(URL).text


@pytest.mark.parametrize(
    ("query", "seen"),
    [
        ({"who": "ALI"}, {"registry.added", "member.added"}),
        ({"action": "group:people"}, {"member.added"}),
        ({"action": "registry.added"}, {"registry.added"}),
        ({"outcome": "refused"}, {"access.refused"}),
        ({"object": "dep"}, {"registry.added"}),
        ({"since": "2000-01-01", "until": "2000-01-02"}, set()),
        (
            {"since": "2000-01-01", "until": "9999-12-31", "who": "alice"},
            {"registry.added", "member.added"},
        ),
    ],
)
def test_filters(client_for, bob, events, query, seen):
    content = b"".join(
        client_for(bob).get(EXPORT, {**query, "format": "jsonl"}).streaming_content
    ).decode()
    assert {json.loads(line)["action"] for line in content.splitlines()} == seen
    page = client_for(bob).get(URL, query).text
    for name, value in query.items():
        assert value in page, name


def test_the_history_of_one_object_and_of_one_credential(client_for, alice, registry, team):
    record(Action.REGISTRY_CHANGED, user=alice, obj=registry)
    other = Registry.objects.create(team=team, name="Depot 2", host="b.example")
    record(Action.REGISTRY_CHANGED, user=alice, obj=other)
    assert "Depot 2" not in client_for(alice).get(URL, {"object": str(registry.pk)}).text
    AuditEvent.objects.create(
        action=Action.TRANSFER_SUCCEEDED,
        actor_kind="person",
        team_key=team.pk,
        credential_key="7",
        credential_name="ci",
    )
    for text in ("7", "ci"):
        assert "with “ci”" in client_for(alice).get(URL, {"credential": text}).text


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


def test_the_fragment_has_the_events_only(client_for, bob, events):
    text = client_for(bob).get(URL, headers={"HX-Request": "true"}).text
    assert "Depot" in text
    assert "<html" not in text


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


def test_the_number_of_queries_is_constant(
    client_for, alice, team, registry, django_assert_max_num_queries
):
    for number in range(40):
        transfer = Transfer.objects.create(
            team=team, kind=Kind.PULL, source="a.example/b:1", target="a.example/b:1"
        )
        record(Action.TRANSFER_STARTED, user=alice, obj=transfer, name=f"b:{number}", kind="pull")
        record(Action.REGISTRY_CHANGED, user=alice, obj=registry)
    client = client_for(alice)
    with django_assert_max_num_queries(14):
        client.get(URL)


# --- sentences


def event_of(**values):
    return AuditEvent(
        **{
            "action": Action.TRANSFER_SUCCEEDED,
            "actor_kind": ActorKind.SYSTEM,
            "actor_name": "Bob",
            **values,
        }
    )


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (
            {
                "object_name": "nginx:1.27",
                "details": {"kind": "pull", "registry": "Docker Hub"},
                "credential_name": "ci robot",
            },
            "Bob pulled nginx:1.27 from Docker Hub with “ci robot”",
        ),
        (
            {
                "action": Action.TRANSFER_FAILED,
                "object_name": "b:1",
                "details": {"kind": "copy", "source": "a:1"},
            },
            "Bob could not copy a:1 to b:1",
        ),
        (
            {"object_name": "a:1", "details": {"kind": "push", "registry": "Depot"}},
            "Bob pushed a:1 to Depot",
        ),
        ({"object_name": "a:1", "details": {"kind": "new kind"}}, "Bob: Transfer succeeded a:1"),
        (
            {"action": Action.INVITATION_REVOKED, "object_name": "100%s"},
            "Bob revoked the invitation for 100%s",
        ),
        (
            {"action": Action.SIGNED_IN, "actor_kind": ActorKind.COMMAND_LINE, "actor_name": ""},
            "The command line signed in",
        ),
    ],
)
def test_sentences(values, expected):
    text = sentence(event_of(**values))
    for markup in ("<strong>", "</strong>", '<span class="event-name" translate="no">', "</span>"):
        text = text.replace(markup, "")
    assert text == expected


def test_every_action_has_a_sentence_and_a_group():
    for action in Action:
        details = {"kind": "pull", "reason": "a reason"}
        text = sentence(event_of(action=action, object_name="the-object", details=details))
        assert "%" not in text, action
        assert sum(action in group.actions for group in all_groups()) == 1, action


HOSTILE = "<script>alert(1)</script>"


def test_hostile_names_are_inert_in_every_column(client_for, alice, team):
    names = dict.fromkeys(
        ("actor_name", "token_name", "team_name", "object_name", "credential_name"), HOSTILE
    )
    for action in Action:
        AuditEvent.objects.create(
            action=action,
            actor_kind="person",
            team_key=team.pk,
            object_key=HOSTILE,
            details={
                "kind": HOSTILE,
                "reason": HOSTILE,
                "source": HOSTILE,
                "error": HOSTILE,
                HOSTILE: HOSTILE,
            },
            **names,
        )
    text = client_for(alice).get(URL).text
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert" in text


# --- files


def test_csv_is_complete_and_has_no_formulas(client_for, alice, team):
    dangerous = [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        '=HYPERLINK("http://evil")',
        "\N{FULLWIDTH EQUALS SIGN}1",
    ]
    for name in dangerous:
        record(Action.REGISTRY_ADDED, user=alice, team=team, name=name)
    record(Action.REGISTRY_ADDED, user=alice, team=team, name='a,"b"\nc', note="=1")

    answer = client_for(alice).get(EXPORT, {"action": "registry.added", "format": "csv"})
    rows = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode())))
    assert answer.headers["Content-Type"].startswith("text/csv")
    assert 'attachment; filename="audit-log-' in answer.headers["Content-Disposition"]
    assert sorted(row["object_name"] for row in rows) == sorted(
        [*(f"'{name}" for name in dangerous), 'a,"b"\\nc']
    )
    assert not [
        cell for row in rows for cell in row.values() if cell.startswith(("=", "+", "-", "@"))
    ]


def test_json_lines_have_all_fields(client_for, alice, team):
    with acting_as(
        Origin(ActorKind.TOKEN, user=alice, address="192.0.2.7", token_name="ci (rui_abcd)")
    ):
        record(Action.MEMBER_CHANGED, team=team, obj=alice, role="viewer")
    line = json.loads(
        b"".join(
            client_for(alice)
            .get(EXPORT, {"format": "jsonl", "action": "member.changed"})
            .streaming_content
        )
    )
    assert (line["actor_name"], line["token_name"], line["address"]) == (
        "alice",
        "ci (rui_abcd)",
        "192.0.2.7",
    )
    assert (line["details"], line["object_kind"]) == ({"role": "viewer"}, "user")
    assert datetime.fromisoformat(line["at"]).tzinfo is not None


def test_an_export_is_recorded_with_its_filter(client_for, bob, events):
    client = client_for(bob)
    client.get(EXPORT, {"who": "alice", "format": "jsonl"})
    client.head(EXPORT)
    event = AuditEvent.objects.get(action=Action.AUDIT_LOG_EXPORTED)
    assert (event.actor_name, event.team_name) == ("bob", "Harbour")
    assert event.details == {"format": "jsonl", "filter": "who: alice"}


def test_an_unknown_format_is_refused(client_for, bob):
    assert client_for(bob).get(EXPORT, {"format": "xlsx"}).status_code == 400


def test_wrong_methods(client_for, alice):
    client = client_for(alice)
    assert (
        client.post(URL).status_code
        == client.post(EXPORT).status_code
        == client.delete(URL).status_code
        == 405
    )


def test_a_page_without_events(client_for, victor):
    client = client_for(victor)
    # The person's own sign-in is the only event.
    AuditEvent.objects.all()._raw_delete("default")
    assert "Nothing has happened yet" in client.get(URL).text
