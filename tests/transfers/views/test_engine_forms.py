import pytest
from django.urls import reverse

from registry_ui.environment import EngineSetting
from transfers.models import Kind, Transfer

pytestmark = pytest.mark.django_db

PAGES = ["engine_pull", "engine_push", "engine_tag", "engine_load", "engine_save"]


@pytest.fixture(autouse=True)
def engines(settings, tmp_path):
    # No engine listens there: a form works without its suggestions.
    address = f"unix://{tmp_path}/engine.sock"
    settings.ENGINES = (EngineSetting("build", address, frozenset({"harbour"})),)


def url(page, engine="build"):
    return reverse(f"transfers:{page}", args=[engine])


@pytest.mark.parametrize("page", PAGES)
def test_an_operator_gets_the_form_of_an_engine_that_does_not_answer(client_for, bob, page):
    assert client_for(bob).get(url(page)).status_code == 200


@pytest.mark.parametrize("page", PAGES)
def test_viewers_and_other_teams_do_not(client_for, victor, charlie, page):
    assert client_for(victor).get(url(page)).status_code == 403
    # An outsider gets no hint that the engine exists.
    assert client_for(charlie).get(url(page)).status_code == 404
    assert client_for(charlie).get(url(page, "unknown")).status_code == 404


def test_a_pull_starts_at_the_engine_of_the_address(client_for, bob):
    answer = client_for(bob).post(
        url("engine_pull"),
        {"reference": "nginx:1", "platform_choice": "machine", "engine": "other"},
    )

    row = Transfer.objects.get()
    assert answer.url == reverse("transfers:detail", args=[row.pk])
    assert (row.kind, row.engine, row.user) == (Kind.PULL, "build", bob)


def test_a_load_of_a_missing_image_is_an_error_in_the_form(client_for, bob):
    answer = client_for(bob).post(
        url("engine_load"), {"source": "nothing:1", "platform_choice": "machine"}
    )

    assert answer.status_code == 422
    assert answer.context["form"].errors.keys() == {"source"}
    assert not Transfer.objects.exists()
