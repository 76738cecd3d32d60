import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from registry_ui.images.models import LocalImage
from registry_ui.images.services import tag_image
from registry_ui.oci.digest import Digest
from registry_ui.oci.reference import Reference
from tests.parts.images import build_image, build_index


def run(name: str, *arguments: str, **options) -> str:
    out = StringIO()
    call_command(name, *arguments, stdout=out, **options)
    return out.getvalue()


def test_images_prints_as_docker_images_does(pulled, team):
    image = pulled(team, "docker.io/library/nginx:1.27-alpine")
    tag_image(
        team=team,
        user=None,
        source=image.reference,
        target=Reference.parse("registry.example.com:5000/web/nginx:1.0"),
    )
    LocalImage.objects.update(
        image_created_at=timezone.now() - timezone.timedelta(days=3), size=12_345_678
    )
    lines = run("images").splitlines()
    short = Digest.parse(image.image_id).short
    assert [line.split() for line in lines] == [
        ["REPOSITORY", "TAG", "IMAGE", "ID", "CREATED", "SIZE"],
        ["registry.example.com:5000/web/nginx", "1.0", short, "3", "days", "ago", "11.8", "MiB"],
        ["nginx", "1.27-alpine", short, "3", "days", "ago", "11.8", "MiB"],
    ]

    column = lines[0].index("TAG")
    assert {line[column - 1] for line in lines} == {" "}
    assert lines[2][column:].startswith("1.27-alpine")


def test_images_shows_a_nameless_image(pulled, team):
    built = build_image(layer_size=500)
    pulled(team, f"registry.example.com/app@{built.digest}", built)
    assert run("images").splitlines()[1].split()[:2] == ["registry.example.com/app", "<none>"]


def test_images_filters_by_name(pulled, team):
    pulled(team, "nginx:1")
    pulled(team, "redis:7")
    assert "redis" not in run("images", "nginx")
    assert len(run("images", "library").splitlines()) == 3


def test_images_quiet_prints_each_id_once(pulled, team):
    image = pulled(team, "nginx:1")
    tag_image(team=team, user=None, source=image.reference, target=Reference.parse("app:1"))
    assert run("images", "-q").split() == [Digest.parse(image.image_id).short]


def test_images_json_is_complete(pulled, team):
    index = build_index(platforms=["linux/amd64", "linux/arm64"], layer_size=500)
    pulled(team, "nginx:1", index)
    (document,) = json.loads(run("images", "--json"))
    assert document["name"] == "docker.io/library/nginx:1"
    assert document["digest"] == document["image_id"] == index.digest
    assert [platform["platform"] for platform in document["platforms"]] == [
        "linux/amd64",
        "linux/arm64",
    ]
    assert json.loads(run("images", "absent", "--json")) == []


def test_images_asks_for_the_team_where_there_are_several(pulled, team, other_team):
    pulled(team, "nginx:1")
    with pytest.raises(CommandError, match="harbour, lighthouse"):
        run("images")
    assert "nginx" in run("images", "--team", "harbour")
    assert "nginx" not in run("images", "--team", "Lighthouse")
    with pytest.raises(CommandError, match="no team “nobody”"):
        run("images", "--team", "nobody")


def test_images_before_the_set_up_is_an_error(db):
    with pytest.raises(CommandError, match="no team yet"):
        run("images")
