import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from registry_ui.images.models import LocalImage
from registry_ui.images.services import remove_name, tag_image
from registry_ui.images.store import blob_directory
from registry_ui.oci.digest import Digest
from registry_ui.oci.reference import Reference
from tests.parts.images import build_image, build_index

from .test_garbage_collection import age
from .test_store import damage


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


def test_collect_blobs_reports_what_it_removed(pulled, team):
    image = pulled(team, "nginx:1")
    remove_name(image=image, user=None)
    assert "Removed 0 blobs" in run("collect_blobs")
    age(48)
    assert "Removed 4 blobs" in run("collect_blobs")
    assert list(blob_directory()) == []


def test_collect_blobs_takes_a_grace_period(pulled, team):
    remove_name(image=pulled(team, "nginx:1"), user=None)
    age(2)
    assert "Removed 0 blobs" in run("collect_blobs", "--grace-hours", "3")
    assert "Removed 4 blobs" in run("collect_blobs", "--grace-hours", "1.5")
    with pytest.raises(CommandError):
        run("collect_blobs", "--grace-hours", "-1")


def test_scrub_blobs_exits_with_1_and_names_the_affected_images(pulled, team, capsys):
    built = build_image(layer_size=500)
    pulled(team, "nginx:1", built)
    assert "Every blob is what its name says." in run("scrub_blobs")

    damage(Digest.parse(built.layers[0]))
    out = StringIO()

    with pytest.raises(SystemExit) as ended:
        call_command("scrub_blobs", stdout=out)
    assert ended.value.code == 1
    assert f"Damaged, put into quarantine: {built.layers[0]}" in out.getvalue()
    assert "needed by docker.io/library/nginx:1 (team harbour)" in out.getvalue()

    repaired = run("scrub_blobs", "--repair")
    assert f"In the database, but not on the disk: {built.layers[0]}" in repaired

    pulled(team, "nginx:1", built)
    assert "Every blob is what its name says." in run("scrub_blobs", verbosity=2)
