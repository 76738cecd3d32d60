import re

import pytest


@pytest.fixture
def image(pulled, team, alice):
    return pulled(team, "docker.io/library/nginx:1.27-alpine", user=alice)


def text_of(response) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", response.content.decode()))


def test_the_overview_has_a_section_once_there_are_images(client_for, image, victor, charlie):
    assert "Local images" in text_of(client_for(victor).get("/"))
    assert "Local images" not in text_of(client_for(charlie).get("/"))
