import hashlib

import pytest

from registry_ui.images.models import LocalImage
from registry_ui.oci.digest import Digest
from registry_ui.oci.reference import Reference
from tests.transfers.local_images import local_image
from tests.transfers.rows import transfer_row
from transfers.models import Kind, State
from transfers.mount_sources import mount_sources, repositories_with_blobs

pytestmark = pytest.mark.django_db

LAYER, OTHER = (f"sha256:{hashlib.sha256(text).hexdigest()}" for text in (b"layer", b"other"))
TARGET = Reference.parse("lab.example/web/new:1")


def moved(team, repository, blobs, *, host="lab.example", state=State.SUCCEEDED, age=0, digest=""):
    """A push of an image with blobs, which is still local."""
    name = f"{host}/{repository}:1"
    image = local_image(team, name, blobs=blobs, digest=digest)
    transfer_row(
        team,
        kind=Kind.PUSH,
        source=name,
        target=name,
        source_is_local=True,
        target_is_local=False,
        digest=image.digest,
        state=state,
        age=age,
    )


def candidates(team, *, excluded="web/new"):
    return repositories_with_blobs(team=team, registry="lab.example", excluded=excluded)


def test_a_repository_that_got_a_blob_can_give_it(team):
    moved(team, "web/app", [LAYER])

    assert candidates(team) == {LAYER: ["web/app"]}


def test_the_latest_two_are_enough_and_the_target_itself_is_none(team):
    digest = f"sha256:{hashlib.sha256(b'image').hexdigest()}"
    for age, repository in enumerate(("web/one", "web/two", "web/three", "web/new"), start=1):
        moved(team, repository, [LAYER], age=age * 60, digest=digest)

    assert candidates(team) == {LAYER: ["web/one", "web/two"]}


def test_failed_pushes_other_hosts_and_other_teams_do_not_count(team, other_team):
    moved(team, "web/failed", [LAYER], state=State.FAILED)
    moved(team, "web/elsewhere", [LAYER], host="prod.example")
    moved(other_team, "web/theirs", [LAYER])

    assert candidates(team) == {}


def test_a_row_with_an_odd_name_is_passed_over(team):
    moved(team, "web/app", [LAYER])
    transfer_row(
        team, kind=Kind.PUSH, target="not a name", target_is_local=False, state=State.SUCCEEDED
    )

    assert candidates(team) == {LAYER: ["web/app"]}


def test_the_source_on_the_same_registry_comes_first(team):
    moved(team, "web/app", [LAYER])
    source = Reference.parse("lab.example/web/source:1")

    from_registry = mount_sources(team, TARGET, source)
    assert from_registry(Digest.parse(LAYER)) == ["web/source", "web/app"]
    assert from_registry(Digest.parse(OTHER)) == ["web/source"]

    from_elsewhere = mount_sources(team, TARGET, Reference.parse("prod.example/web/source:1"))
    assert list(from_elsewhere(Digest.parse(LAYER))) == ["web/app"]
    assert list(from_elsewhere(Digest.parse(OTHER))) == []


def test_both_ends_of_a_copy_have_the_blob(team):
    image = local_image(team, "app:1", blobs=[LAYER])
    transfer_row(
        team,
        kind=Kind.COPY,
        source="lab.example/web/there:1",
        target="lab.example/web/here:1",
        target_is_local=False,
        digest=image.digest,
        state=State.SUCCEEDED,
    )

    assert candidates(team) == {LAYER: ["web/there", "web/here"]}


def test_an_image_that_is_not_local_any_more_gives_nothing(team):
    moved(team, "web/app", [LAYER])
    LocalImage.objects.all().delete()

    assert candidates(team) == {}


def test_a_repository_is_not_mounted_from_itself(team):
    moved(team, "web/app", [LAYER])

    from_itself = mount_sources(team, TARGET, TARGET.with_tag("2"))
    assert list(from_itself(Digest.parse(LAYER))) == ["web/app"]
    assert list(from_itself(Digest.parse(OTHER))) == []
