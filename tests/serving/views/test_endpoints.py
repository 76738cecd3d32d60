"""What all endpoints of /v2/ have in common."""

import pytest

from registry_ui.serving.views.endpoints import empty_response

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("method", ["GET", "PUT", "POST", "DELETE", "PATCH"])
def test_without_a_login_every_method_gets_the_same_answer(client, method):
    answer = client.generic(method, "/v2/harbour/app/manifests/1.0")

    assert answer.status_code == 401
    assert answer["WWW-Authenticate"].startswith("Bearer ")
    assert answer["Docker-Distribution-Api-Version"] == "registry/2.0"


def test_a_method_that_an_address_does_not_take_names_those_that_it_takes(admin):
    answer = admin("PATCH", "/v2/harbour/app/manifests/1.0")

    assert answer.status_code == 405
    assert set(answer["Allow"].split(", ")) == {"GET", "HEAD", "PUT", "DELETE"}


def test_an_address_that_the_specification_does_not_have_is_404(admin):
    answer = admin("GET", "/v2/harbour/app/nothing")

    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (404, "UNSUPPORTED")


def test_where_images_are_not_served_nothing_is(admin, settings):
    settings.SERVE_IMAGES = False

    assert admin("GET", "/v2/").status_code == 404


@pytest.mark.parametrize("name", ["harbour", f"harbour/{'a' * 255}"])
def test_a_name_that_clients_do_not_take_is_refused(admin, name):
    answer = admin("GET", f"/v2/{name}/manifests/1.0")

    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "NAME_INVALID")


def test_an_empty_answer_has_no_type():
    answer = empty_response(202, Docker_Upload_UUID="1")

    assert "Content-Type" not in answer
    assert answer["Docker-Upload-UUID"] == "1"
