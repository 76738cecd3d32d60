import pytest
from django.test import Client
from django.urls import reverse

from registry_ui.environment import EngineSetting
from tests.transfers.local_images import local_image
from transfers.models import Kind, State, Transfer

pytestmark = pytest.mark.django_db

NAME = "r.example.com/team/app:1.0"
# What a valid form sends, by page
DATA = {
    "engine_pull": {"reference": NAME, "platform_choice": "machine"},
    "engine_push": {"source": NAME},
    "engine_tag": {"source": NAME, "target": "my-app:1"},
    "engine_load": {"source": NAME, "platform_choice": "machine"},
    "engine_save": {"source": NAME},
}
KINDS = {
    "engine_pull": Kind.PULL,
    "engine_push": Kind.PUSH,
    "engine_tag": Kind.TAG,
    "engine_load": Kind.LOAD,
    "engine_save": Kind.SAVE,
}
PAGES = list(DATA)


@pytest.fixture(autouse=True)
def engines(settings, tmp_path):
    # No engine listens there: a form works without its suggestions.
    address = f"unix://{tmp_path}/engine.sock"
    settings.ENGINES = (EngineSetting("build", address, frozenset({"harbour"})),)


def url(page, engine="build", **query):
    return reverse(f"transfers:{page}", args=[engine], query=query)


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


@pytest.mark.parametrize("view", DATA)
def test_the_form_works_while_the_engine_does_not_answer(client_for, team, bob, view):
    local_image(team, NAME)
    client = client_for(bob)
    assert client.get(url(view)).status_code == 200

    response = client.post(url(view), DATA[view])

    row = Transfer.objects.get()
    assert response.headers["Location"] == reverse("transfers:detail", args=[row.pk])
    assert (row.kind, row.engine, row.team, row.requested_by) == (KINDS[view], "build", team, "bob")
    # A tag is set at once, and everything else by a worker.
    assert row.state == (State.FAILED if view == "engine_tag" else State.QUEUED)


@pytest.mark.parametrize("view", DATA)
def test_an_invalid_form_is_shown_again_with_what_was_typed(client_for, bob, view):
    response = client_for(bob).post(url(view), dict.fromkeys(DATA[view], "<script>No Name"))

    assert response.status_code == 422
    assert response.context["form"].errors
    assert "<script>No Name" not in response.text
    assert "No Name" in response.text
    assert not Transfer.objects.exists()


@pytest.mark.parametrize("view", DATA)
def test_other_methods_and_requests_without_a_token_are_refused(client_for, bob, view):
    assert client_for(bob).put(url(view)).status_code == 405

    client = Client(enforce_csrf_checks=True)
    client.force_login(bob)
    assert client.post(url(view), DATA[view]).status_code == 403
    assert not Transfer.objects.exists()


def test_a_link_fills_the_image_whichever_name_it_has(client_for, bob):
    client = client_for(bob)
    for view, field in (("engine_pull", "reference"), ("engine_save", "source")):
        for parameter in ("reference", "source"):
            form = client.get(url(view, **{parameter: NAME})).context["form"]
            assert form[field].value() == NAME
