import pytest
from django.test import Client

from registry_ui.accounts import offboarding
from registry_ui.accounts.models import Action, AuditEvent, Membership, Role, Team, User
from registry_ui.accounts.sign_in.sso.claims import groups_in

HARBOUR = {
    "platform": (("harbour", "admin"),),
    "devs": (("Harbour", "operator"), ("lighthouse", "viewer")),
}


def memberships(name: str = "anna") -> dict[str, str]:
    return dict(Membership.objects.filter(user__username=name).values_list("team__slug", "role"))


@pytest.fixture
def provider(team, other_team, use_provider):
    return use_provider(group_roles=HARBOUR, admin_groups=frozenset({"admins"}))


def test_groups_give_teams_and_roles(provider, sign_in_at_provider, team, other_team) -> None:
    provider.add("anna", "devs", "something-else")
    response, client = sign_in_at_provider("anna")
    assert memberships() == {"harbour": "operator", "lighthouse": "viewer"}
    assert set(Membership.objects.values_list("is_from_sso", flat=True)) == {True}
    assert client.get("/registries/").status_code == 200
    assert (
        AuditEvent.objects.filter(action=Action.MEMBER_ADDED, details__by="single sign-on").count()
        == 2
    )


def test_the_highest_role_counts(provider, sign_in_at_provider) -> None:
    provider.add("anna", "devs", "platform")
    sign_in_at_provider("anna")
    assert memberships()["harbour"] == "admin"


def test_the_next_sign_in_updates_memberships(provider, sign_in_at_provider) -> None:
    provider.add("anna", "devs")
    sign_in_at_provider("anna")
    provider.set_groups("anna", "platform")
    sign_in_at_provider("anna")
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


def test_without_groups_memberships_and_jobs_end(
    provider, sign_in_at_provider, monkeypatch
) -> None:
    ended = []
    monkeypatch.setattr(
        offboarding,
        "cancel_jobs",
        lambda person, team=None, *, by: ended.append((person.username, team.slug, by)),
    )
    provider.add("anna", "devs")
    sign_in_at_provider("anna")
    provider.set_groups("anna")
    _response, client = sign_in_at_provider("anna")
    assert memberships() == {}
    assert sorted(ended) == [("anna", "harbour", None), ("anna", "lighthouse", None)]
    assert "in no team yet" in client.get("/registries/").text


def test_memberships_set_by_a_person_are_not_changed(
    provider, sign_in_at_provider, team, other_team
) -> None:
    provider.add("anna")
    sign_in_at_provider("anna")
    anna = User.objects.get(username="anna")
    Membership.objects.create(team=team, user=anna, role=Role.VIEWER)
    for groups in (["platform"], [], ["devs"]):
        provider.set_groups("anna", *groups)
        sign_in_at_provider("anna")
        assert memberships()["harbour"] == "viewer"
    assert Membership.objects.get(team=other_team, user=anna).is_from_sso


def test_memberships_of_other_people_stay(provider, sign_in_at_provider, alice, bob) -> None:
    provider.add("anna", "devs")
    sign_in_at_provider("anna")
    assert (memberships("alice"), memberships("bob")) == (
        {"harbour": "admin"},
        {"harbour": "operator"},
    )


def test_an_unknown_team_is_logged_and_not_created(
    provider, use_provider, sign_in_at_provider, caplog
) -> None:
    use_provider(group_roles={"devs": (("nowhere", "admin"),)}).add("anna", "devs")
    sign_in_at_provider("anna")
    assert memberships() == {}
    assert "nowhere" in caplog.text
    assert Team.objects.count() == 2


def test_an_administrators_group_promotes_and_demotes(provider, sign_in_at_provider, alice) -> None:
    alice.is_superuser = True
    alice.save()
    provider.add("anna", "admins")
    sign_in_at_provider("anna")
    anna = User.objects.get(username="anna")
    assert (anna.is_superuser, anna.is_superuser_by_sso, anna.is_staff) == (True, True, False)
    provider.set_groups("anna", "devs")
    sign_in_at_provider("anna")
    anna.refresh_from_db()
    assert (anna.is_superuser, anna.is_superuser_by_sso) == (False, False)
    assert [
        event.details["administrator"]
        for event in AuditEvent.objects.filter(action=Action.PERSON_CHANGED).order_by("at")
    ] == [
        True,
        False,
    ]


def test_the_last_administrator_is_not_demoted(
    provider, sign_in_at_provider, caplog, alice
) -> None:
    provider.add("anna", "admins")
    sign_in_at_provider("anna")
    User.objects.create_superuser("retired", "", None, is_active=False)
    provider.set_groups("anna")
    sign_in_at_provider("anna")
    assert User.objects.get(username="anna").is_superuser
    assert "stays an administrator" in caplog.text


def test_an_administrator_set_by_a_person_is_not_demoted(
    provider, sign_in_at_provider, alice
) -> None:
    provider.add("anna", "admins")
    sign_in_at_provider("anna")
    User.objects.filter(username="anna").update(is_superuser_by_sso=False)
    alice.is_superuser = True
    alice.save()
    provider.set_groups("anna")
    sign_in_at_provider("anna")
    assert User.objects.get(username="anna").is_superuser


def test_without_the_setting_no_group_administers_anything(
    use_provider, sign_in_at_provider, team
) -> None:
    use_provider().add("anna", "admins", "platform", "")
    sign_in_at_provider("anna")
    assert not User.objects.get(username="anna").is_superuser
    assert memberships() == {}


def test_a_sign_in_with_the_password_changes_nothing(
    provider, sign_in_at_provider, client_for
) -> None:
    provider.add("anna", "devs")
    sign_in_at_provider("anna")
    provider.set_groups("anna")
    client_for(User.objects.get(username="anna")).get("/")
    assert memberships() == {"harbour": "operator", "lighthouse": "viewer"}


def test_a_lost_team_is_lost_in_every_session(provider, sign_in_at_provider) -> None:
    provider.add("anna", "platform")
    _response, first = sign_in_at_provider("anna")
    assert first.get("/registries/add/").status_code == 200
    provider.set_groups("anna")
    sign_in_at_provider("anna", Client())
    assert first.get("/registries/add/").status_code == 403


@pytest.mark.parametrize(
    ("data", "claim", "groups"),
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
def test_groups_are_read_from_claims(data, claim, groups) -> None:
    assert groups_in(data, claim) == groups
