import re

import pytest
from django.urls import reverse

from registry_ui.accounts.models import ApiToken

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


def test_the_secret_is_not_in_the_session(client_for, alice):
    client = client_for(alice)
    secret = secret_in(client.post(ADD, VALUES).text)
    assert secret not in repr(dict(client.session.items()))


def test_sending_the_form_twice_creates_one_token(client_for, alice):
    client = client_for(alice)
    client.post(ADD, VALUES)
    page = client.post(ADD, VALUES)
    assert page.status_code == 422
    assert "There is a token of that name." in page.text
    assert ApiToken.objects.count() == 1


@pytest.mark.parametrize("days", ["0", "366", "-1", "x", ""])
def test_an_unknown_lifetime_is_refused(client_for, alice, days):
    assert client_for(alice).post(ADD, VALUES | {"days": days}).status_code == 422
