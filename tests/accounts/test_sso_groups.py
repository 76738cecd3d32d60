"""Groups of a real OpenID provider become memberships; what people set by hand stays as it is."""

import pytest
from django.test import Client

from registry_ui.accounts import departures
from registry_ui.accounts.models import Action, AuditEvent, Membership, Role, Team, User
from registry_ui.accounts.sso.identity import groups_in, proof_is_recent
from registry_ui.single_sign_on import parse_group_roles

HARBOUR = {
    "platform": (("harbour", "admin"),),
    "devs": (("Harbour", "operator"), ("lighthouse", "viewer")),
}


def memberships(name: str = "anna") -> dict[str, str]:
    return dict(Membership.objects.filter(user__username=name).values_list("team__slug", "role"))


@pytest.fixture
def provider(team, other_team, company):
    return company(group_roles=HARBOUR, admin_groups=frozenset({"admins"}))


def test_groups_give_teams_and_roles(provider, come_as, team, other_team) -> None:
    provider.add("anna", "devs", "something-else")
    response, client = come_as("anna")
    assert memberships() == {"harbour": "operator", "lighthouse": "viewer"}
    assert set(Membership.objects.values_list("is_from_sso", flat=True)) == {True}
    assert client.get("/registries/").status_code == 200
    assert (
        AuditEvent.objects.filter(action=Action.MEMBER_ADDED, details__by="single sign-on").count()
        == 2
    )


def test_the_highest_role_counts(provider, come_as) -> None:
    provider.add("anna", "devs", "platform")
    come_as("anna")
    assert memberships()["harbour"] == "admin"


def test_the_next_sign_in_brings_them_up_to_date(provider, come_as) -> None:
    provider.add("anna", "devs")
    come_as("anna")
    provider.put_into("anna", "platform")
    come_as("anna")
    assert memberships() == {"harbour": "admin"}
    assert {
        (event.action, event.team_name)
        for event in AuditEvent.objects.filter(action__startswith="member.")
    } == {
        ("member.added", "Harbour"),
        ("member.added", "Lighthouse"),
        ("member.changed", "Harbour"),
        ("member.removed", "Lighthouse"),
    }


def test_no_groups_are_no_memberships_and_what_ran_ends(provider, come_as, monkeypatch) -> None:
    ended = []
    monkeypatch.setattr(
        departures,
        "end_work",
        lambda person, team=None, *, by: ended.append((person.username, team.slug, by)),
    )
    provider.add("anna", "devs")
    come_as("anna")
    provider.put_into("anna")
    _response, client = come_as("anna")
    assert memberships() == {}
    assert sorted(ended) == [("anna", "harbour", None), ("anna", "lighthouse", None)]
    assert "in no team yet" in client.get("/registries/").text


def test_what_was_set_by_hand_is_never_touched(provider, come_as, team, other_team) -> None:
    provider.add("anna")
    come_as("anna")
    anna = User.objects.get(username="anna")
    Membership.objects.create(team=team, user=anna, role=Role.VIEWER)
    for groups in (["platform"], [], ["devs"]):
        provider.put_into("anna", *groups)
        come_as("anna")
        assert memberships()["harbour"] == "viewer"
    assert Membership.objects.get(team=other_team, user=anna).is_from_sso


def test_memberships_of_others_stay(provider, come_as, alice, bob) -> None:
    provider.add("anna", "devs")
    come_as("anna")
    assert (memberships("alice"), memberships("bob")) == (
        {"harbour": "admin"},
        {"harbour": "operator"},
    )


def test_a_team_that_is_not_there_is_logged_and_not_made(
    provider, company, come_as, caplog
) -> None:
    company(group_roles={"devs": (("nowhere", "admin"),)}).add("anna", "devs")
    come_as("anna")
    assert memberships() == {}
    assert "nowhere" in caplog.text
    assert Team.objects.count() == 2


def test_an_administrators_group_gives_and_takes_the_installation(provider, come_as, alice) -> None:
    alice.is_superuser = True
    alice.save()
    provider.add("anna", "admins")
    come_as("anna")
    anna = User.objects.get(username="anna")
    assert (anna.is_superuser, anna.is_superuser_by_sso, anna.is_staff) == (True, True, False)
    provider.put_into("anna", "devs")
    come_as("anna")
    anna.refresh_from_db()
    assert (anna.is_superuser, anna.is_superuser_by_sso) == (False, False)
    assert [
        event.details["administrator"]
        for event in AuditEvent.objects.filter(action=Action.PERSON_CHANGED).order_by("at")
    ] == [
        True,
        False,
    ]


def test_the_last_administrator_stays_one(provider, come_as, caplog, alice) -> None:
    provider.add("anna", "admins")
    come_as("anna")
    User.objects.create_superuser("retired", "", None, is_active=False)
    provider.put_into("anna")
    come_as("anna")
    assert User.objects.get(username="anna").is_superuser
    assert "stays an administrator" in caplog.text


def test_an_administrator_made_by_hand_stays_one(provider, come_as, alice) -> None:
    provider.add("anna", "admins")
    come_as("anna")
    User.objects.filter(username="anna").update(is_superuser_by_sso=False)
    alice.is_superuser = True
    alice.save()
    provider.put_into("anna")
    come_as("anna")
    assert User.objects.get(username="anna").is_superuser


def test_without_the_setting_no_group_administers_anything(company, come_as, team) -> None:
    company().add("anna", "admins", "platform", "")
    come_as("anna")
    assert not User.objects.get(username="anna").is_superuser
    assert memberships() == {}


def test_a_sign_in_with_the_password_changes_nothing(provider, come_as, client_for) -> None:
    provider.add("anna", "devs")
    come_as("anna")
    provider.put_into("anna")
    client_for(User.objects.get(username="anna")).get("/")
    assert memberships() == {"harbour": "operator", "lighthouse": "viewer"}


def test_one_who_has_lost_a_team_is_out_at_the_next_request_of_every_session(
    provider, come_as
) -> None:
    provider.add("anna", "platform")
    _response, first = come_as("anna")
    assert first.get("/registries/add/").status_code == 200
    provider.put_into("anna")
    come_as("anna", Client())
    assert first.get("/registries/add/").status_code == 403


@pytest.mark.parametrize(
    ("said", "claim", "groups"),
    [
        ({"userinfo": {"groups": ["/platform", "devs"]}}, "groups", {"platform", "devs"}),
        ({"userinfo": {}, "id_token": {"groups": ["devs"]}}, "groups", {"devs"}),
        ({"userinfo": {"groups": []}, "id_token": {"groups": ["devs"]}}, "groups", set()),
        ({"userinfo": {"realm_access": {"roles": ["devs"]}}}, "realm_access.roles", {"devs"}),
        (
            {"userinfo": {"https://company.example/groups": ["devs"]}},
            "https://company.example/groups",
            {"devs"},
        ),
        ({"userinfo": {"groups": "devs"}}, "groups", {"devs"}),
        ({"userinfo": {"groups": [1, None, {"name": "devs"}]}}, "groups", set()),
        ({"userinfo": {"groups": {"devs": True}}}, "groups", set()),
        ({}, "groups", set()),
    ],
)
def test_groups_are_found_in_what_providers_say(said, claim, groups) -> None:
    assert groups_in(said, claim) == groups


@pytest.mark.parametrize(
    ("claims", "recent"),
    [({}, True), ({"auth_time": 1}, False), ({"auth_time": "now"}, False), (None, True)],
)
def test_a_proof_is_recent_or_not(claims, recent) -> None:
    assert proof_is_recent({"id_token": claims}) is recent


def test_group_roles_are_read() -> None:
    assert parse_group_roles(
        ["/platform=Platform:Admin", "devs=Web: operator", "devs=Data:viewer"]
    ) == {
        "platform": (("Platform", "admin"),),
        "devs": (("Web", "operator"), ("Data", "viewer")),
    }
    assert parse_group_roles(["cn=devs=Team: one:viewer"]) == {
        "cn=devs": (("Team: one", "viewer"),)
    }


@pytest.mark.parametrize(
    "entry",
    [
        "platform",
        "platform=Platform",
        "platform=Platform:owner",
        "=Platform:admin",
        "platform=:admin",
    ],
)
def test_a_group_role_that_cannot_be_read_stops_the_start(entry) -> None:
    with pytest.raises(Exception, match="REGISTRY_UI_OIDC_GROUP_ROLES"):
        parse_group_roles([entry])
