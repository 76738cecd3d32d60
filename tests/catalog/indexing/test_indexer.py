import pytest

from registry_ui.catalog.models import Tag
from registry_ui.web.errors import describe
from tests.catalog.indexing.conftest import names, repository_of, tag_of, write_repository
from tests.parts.images import push

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]


def test_an_unchanged_second_run_makes_one_head_a_tag_and_fetches_nothing(
    row, line, own_registry, image_factory, index
):
    image = image_factory(own_registry, "team/app", "1.0", platforms=["linux/amd64", "linux/arm64"])
    for number in range(30):
        push(own_registry, image.built, "team/app", f"1.{number}")
    index(row)
    before = list(Tag.objects.order_by("pk").values("pk", "digest", "changed_at", "artifact_id"))
    line.requests.clear()

    run = index(row)

    assert (
        line.count("HEAD", "/manifests/"),
        line.count("GET", "/manifests/"),
        line.count("GET", "/blobs/"),
    ) == (30, 0, 0)
    assert run.progress["fetched"] == 0
    assert (
        list(Tag.objects.order_by("pk").values("pk", "digest", "changed_at", "artifact_id"))
        == before
    )
    assert Tag.objects.filter(checked_at__gt=run.started_at).count() == 30


def test_a_moved_tag_keeps_its_previous_digest(row, own_registry, image_factory, index):
    old = image_factory(own_registry, "team/app", "latest")
    kept = image_factory(own_registry, "team/app", "1.0")
    index(row)
    new = image_factory(own_registry, "team/app", "latest")

    run = index(row)

    moved, still = tag_of(row, "team/app", "latest"), tag_of(row, "team/app", "1.0")
    assert (moved.digest, moved.previous_digest, moved.artifact.digest) == (
        new.digest,
        old.digest,
        new.digest,
    )
    assert moved.changed_at > run.started_at
    assert (still.digest, still.previous_digest, still.changed_at) == (
        kept.digest,
        "",
        still.built_at,
    )
    assert run.progress["fetched"] == 1
    assert repository_of(row, "team/app").changed_at == moved.changed_at


def test_a_deleted_tag_leaves_the_index(row, own_registry, image_factory, index):
    gone = image_factory(own_registry, "team/app", "1.0")
    image_factory(own_registry, "team/app", "1.1")
    index(row)
    delete(own_registry, gone)

    index(row)

    assert set(names(row)) == {"team/app:1.1"}
    assert repository_of(row, "team/app").tag_count == 1


def test_a_tag_without_a_manifest_has_a_problem(row, own_registry, image_factory, index):
    image = image_factory(own_registry, "team/app", "good")
    write_repository(own_registry, "team/app", "team/app", {"lost": f"sha256:{'0' * 64}"})

    run = index(row)

    lost = tag_of(row, "team/app", "lost")
    assert "has no manifest for it" in str(describe(lost.problem))
    assert (lost.digest, lost.checked_at) == ("", None)
    assert tag_of(row, "team/app", "good").digest == image.digest
    assert run.progress["tag_problems"] == 1


def delete(registry, image):
    with registry.session() as session:
        session.delete(
            f"{registry.url}/v2/{image.repository}/manifests/{image.digest}", timeout=30
        ).raise_for_status()
