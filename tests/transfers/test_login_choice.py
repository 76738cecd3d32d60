import pytest
from django.urls import reverse

from registry_ui.registries.models import Registry

pytestmark = pytest.mark.django_db


@pytest.fixture
def hub(team):
    return Registry.objects.get_or_create(
        team=team, host="docker.io", defaults={"name": "Docker Hub", "provider": "docker_hub"}
    )[0]


def page(name, **query):
    return reverse(f"transfers:{name}", query=query)


def test_docker_hub_takes_no_push_without_a_login(client_for, bob, hub):
    response = client_for(bob).post(page("push"), {"reference": "johndoe/my-app:1"})
    assert "takes no push without a login" in response.context["form"].errors["reference"][0]
