import re

import pytest

from registry_ui.oci.digest import Digest
from registry_ui.registries.models import Registry

pytestmark = pytest.mark.django_db


LIST = "/images/"


@pytest.fixture
def hub(team):
    return Registry.objects.get(team=team, host="docker.io")


@pytest.fixture
def nginx(pulled, team, alice):
    return pulled(team, "docker.io/library/nginx:1.27", user=alice)


def test_without_newer_images_there_is_no_filter(client_for, bob, nginx, hub):
    assert 'name="newer"' not in client_for(bob).get(LIST).text
    assert "Nothing is newer" in client_for(bob).get(LIST, {"newer": "1"}).text


@pytest.fixture
def image(pulled, team, alice):
    return pulled(team, "docker.io/library/nginx:1.27-alpine", user=alice)


def text_of(response) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", response.content.decode()))


@pytest.mark.parametrize("query", ["alpine", "NGINX", "nginx 1.27", "docker.io/library"])
def test_the_search_finds_names(client_for, image, pulled, team, victor, query):
    pulled(team, "docker.io/library/redis:7")
    text = text_of(client_for(victor).get(LIST, {"q": query}))
    assert "nginx:1.27-alpine" in text
    assert "redis:7" not in text or query == "docker.io/library"


def test_the_search_finds_digests_and_ids(client_for, image, victor):
    for query in (image.digest, Digest.parse(image.image_id).short):
        assert "nginx:1.27-alpine" in text_of(client_for(victor).get(LIST, {"q": query}))
