import pytest
from django.test import Client

from registry_ui.accounts.models import Scope
from tests.serving.client import Calls, secret_of

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db]


NAME = "harbour/app"


def test_a_token_in_the_address_is_refused(alice):
    secret = secret_of(alice)
    assert Client().get(f"/v2/?token={secret}&access_token={secret}").status_code == 401
    assert Client().get(f"/v2/token?password={secret}&username=alice").status_code == 401


def test_a_password_grant_is_accepted(bob):
    secret = secret_of(bob, Scope.TRANSFER)
    form = {
        "grant_type": "password",
        "username": "bob",
        "password": secret,
        "service": "x",
        "client_id": "docker",
    }
    answer = Client().post("/v2/token", {**form, "scope": f"repository:{NAME}:pull,push"})
    assert (
        Calls(f"Bearer {answer.json()['access_token']}")(
            "POST", f"/v2/{NAME}/blobs/uploads/"
        ).status_code
        == 202
    )
    assert (
        Client()
        .post("/v2/token", {"grant_type": "refresh_token", "refresh_token": secret})
        .status_code
        == 200
    )
    assert Client().post("/v2/token", {**form, "password": "wrong"}).status_code == 401
    assert (
        Client().post("/v2/token", {**form, "grant_type": "authorization_code"}).status_code == 400
    )

    for method in ("PUT", "PATCH", "DELETE", "OPTIONS"):
        assert Client().generic(method, "/v2/token").status_code == 405
