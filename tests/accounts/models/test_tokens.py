import re

import pytest
from django.urls import reverse

from registry_ui.accounts.models import Action, ApiToken, AuditEvent
from registry_ui.accounts.tokens import service

pytestmark = pytest.mark.django_db


OWN, ADD, ROBOTS, ROBOT_ADD = (
    reverse(f"accounts:{name}")
    for name in ("tokens", "tokens_add", "team_tokens", "team_tokens_add")
)


OWN, ADD, ROBOTS, ROBOT_ADD = (
    reverse(f"accounts:{name}")
    for name in ("tokens", "tokens_add", "team_tokens", "team_tokens_add")
)


OWN, ADD, ROBOTS, ROBOT_ADD = (
    reverse(f"accounts:{name}")
    for name in ("tokens", "tokens_add", "team_tokens", "team_tokens_add")
)


OWN, ADD, ROBOTS, ROBOT_ADD = (
    reverse(f"accounts:{name}")
    for name in ("tokens", "tokens_add", "team_tokens", "team_tokens_add")
)


VALUES = {"name": "ci of the shop", "scope": "read", "team": "", "days": "90"}


def secret_in(page):
    return re.search(r"rui_[A-Za-z0-9]{40}", page)[0]


def test_a_token_is_shown_once_and_works(client_for, alice):
    client = client_for(alice)
    page = client.post(ADD, VALUES)
    secret = secret_in(page.text)
    assert page.status_code == 200
    assert page.headers["Cache-Control"] == "no-store"
    assert service.authenticate(secret, None).user == alice
    listed = client.get(OWN).text
    assert secret not in listed
    assert f"{secret[:8]}…" in listed
    assert (
        AuditEvent.objects.get(action=Action.TOKEN_CREATED).object_name
        == f"ci of the shop ({secret[:8]}…)"
    )


def test_robots_are_visible_to_operators_but_not_to_viewers(client_for, alice, bob, victor, team):
    secret = secret_in(client_for(alice).post(ROBOT_ADD, VALUES | {"scope": "transfer"}).text)
    robot = ApiToken.objects.get()
    assert (robot.user, robot.team, robot.created_by) == (None, team, alice)
    page = client_for(bob).get(ROBOTS).text
    assert f"{secret[:8]}…" in page
    assert reverse("accounts:tokens_revoke", args=[robot.pk]) not in page
    assert client_for(victor).get(ROBOTS).status_code == 403
    assert client_for(bob).post(ROBOT_ADD, VALUES).status_code == 403


def test_hostile_names_are_inert(client_for, alice):
    page = client_for(alice).post(ADD, VALUES | {"name": "<script>alert(1)</script>"}).text
    assert "<script>alert" not in page + client_for(alice).get(OWN).text
