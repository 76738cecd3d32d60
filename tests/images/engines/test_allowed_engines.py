import re

import pytest
from django.urls import reverse

from registry_ui.accounts.models import Membership
from registry_ui.environment import EngineSetting

pytestmark = pytest.mark.django_db


@pytest.fixture
def silent(settings, team, tmp_path):
    settings.ENGINES = (
        EngineSetting("build", f"unix://{tmp_path / 'nothing.sock'}", frozenset({team.slug})),
    )


def test_an_engine_of_other_teams_is_404(client_for, charlie, silent):
    client = client_for(charlie)
    for name, more in (
        ("images:engine", ()),
        ("images:engine_remove", (f"sha256:{'a' * 64}",)),
        ("transfers:engine_pull", ()),
    ):
        for method in ("get", "post") if name != "images:engine" else ("get",):
            assert (
                getattr(client, method)(reverse(name, args=["build", *more])).status_code == 404
            ), name

    assert "Engine" not in client.get(reverse("images:list")).text


LIST = "/images/"


@pytest.fixture
def image(pulled, team, alice):
    return pulled(team, "docker.io/library/nginx:1.27-alpine", user=alice)


def text_of(response) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", response.content.decode()))


def test_a_person_without_a_team_sees_a_message(client_for, victor, image):
    Membership.objects.all().delete()
    response = client_for(victor).get(LIST)
    assert response.status_code == 200
    assert "You are in no team yet" in text_of(response)
