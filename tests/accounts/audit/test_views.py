import json
from datetime import datetime

import pytest
from django.urls import reverse

from registry_ui.accounts.audit.log import Origin, acting_as, record
from registry_ui.accounts.models import Action, ActorKind, AuditEvent, Membership, Outcome
from registry_ui.registries.models import Registry
from transfers.models import Kind, Transfer

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db]


URL, EXPORT = reverse("accounts:audit_log"), reverse("accounts:audit_log_export")


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


def test_the_fragment_has_the_events_only(client_for, bob, events):
    text = client_for(bob).get(URL, headers={"HX-Request": "true"}).text
    assert "Depot" in text
    assert "<html" not in text


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
                "error": {
                    "kind": HOSTILE,
                    "code": "engine_failed",
                    "parameters": {"quote": HOSTILE},
                },
                HOSTILE: HOSTILE,
            },
            **names,
        )
    text = client_for(alice).get(URL).text
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert" in text


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
