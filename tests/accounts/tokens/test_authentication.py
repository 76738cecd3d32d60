import pytest
from django.test import Client

pytestmark = pytest.mark.django_db


URL = "/api/v1/me"


@pytest.mark.parametrize(
    "value",
    [
        "",
        "Bearer",
        "Bearer ",
        "Bearer rui_wrong",
        "Basic",
        "Basic %%%",
        "Basic YWxpY2U=",
        "Basic gIA=",
        "Token x",
        "Bearer \xff",
    ],
)
def test_invalid_headers_are_refused_with_a_challenge(client, db, value):
    answer = client.get(URL, headers={"Authorization": value})
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer ")
    assert answer.json()["error"]["code"] == "token_not_valid"


def test_a_session_is_ignored(client_for, alice):
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    assert client.get(URL).status_code == 401
    assert client.post(URL).status_code == 405
