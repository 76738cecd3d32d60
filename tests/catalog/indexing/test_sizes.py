"""Sizes and counts from tags, and the deletion of unreached artifacts and blobs."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from registry_ui.catalog.indexing.sizes import (
    GRACE,
    count_registry,
    count_repositories,
    count_repository,
)
from registry_ui.catalog.indexing.tag_columns import columns_of_name
from registry_ui.catalog.models import (
    UNSTATED,
    Artifact,
    ArtifactBlob,
    ArtifactChild,
    Blob,
    Repository,
    RepositoryBlob,
    Tag,
)
from tests.parts.index_rows import digest_of, make_image, make_index

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db]

BASE = ("base", 1000)


@pytest.fixture
def registry_row(make_registry):
    return make_registry()


@pytest.fixture
def tagged(registry_row):
    """Return a repository that is not counted yet."""

    def make(name: str, **tags: Artifact | None) -> Repository:
        repository, _created = Repository.objects.get_or_create(
            registry=registry_row, team=registry_row.team, name=name
        )
        for tag, artifact in tags.items():
            built = artifact.built_at if artifact else UNSTATED
            Tag.objects.create(
                repository=repository,
                team=registry_row.team,
                name=tag,
                artifact=artifact,
                changed_at=built,
                **columns_of_name(tag),
            )
        return repository

    return make


def layers_of(repository: Repository) -> set[str]:
    """Return the digests of the layers that a repository needs."""
    digests = RepositoryBlob.objects.filter(repository=repository).values_list(
        "blob__digest", flat=True
    )
    return set(digests) - set(Artifact.objects.values_list("config_digest", flat=True))


def as_old_as_the_hills() -> None:
    Artifact.objects.update(fetched_at=timezone.now() - GRACE - timedelta(minutes=1))


def test_each_blob_of_a_repository_counts_once(registry_row, tagged):
    first, second = (
        make_image(registry_row, BASE, ("one", 10)),
        make_image(registry_row, BASE, ("two", 20)),
    )
    repository = tagged("shop/web", a=first, b=second, again=first)
    count_repository(repository)
    repository.refresh_from_db()
    configs = sum(
        Blob.objects.filter(digest__in=[first.config_digest, second.config_digest]).values_list(
            "size", flat=True
        )
    )
    assert repository.size == 1030 + configs
    assert repository.tag_count == 3
    assert layers_of(repository) == {digest_of("base"), digest_of("one"), digest_of("two")}


def test_an_index_in_an_index_needs_the_blobs_of_its_images(registry_row, tagged):
    inner = make_index(
        registry_row,
        make_image(registry_row, BASE),
        make_image(registry_row, ("arm", 7), platform="linux/arm64"),
    )
    outer = Artifact.objects.create(
        registry=registry_row, team=registry_row.team, digest=digest_of("outer"), media_type="index"
    )
    ArtifactChild.objects.create(parent=outer, child=inner, position=0)
    repository = tagged("shop/web", latest=outer)
    count_repository(repository)
    assert layers_of(repository) == {digest_of("base"), digest_of("arm")}


def test_the_newest_change_of_a_tag_is_that_of_its_repository(registry_row, tagged):
    times = [datetime(year, 1, 1, tzinfo=UTC) for year in (2023, 2025, 2024)]
    images = [make_image(registry_row, BASE, built_at=built) for built in times]
    repository = tagged("shop/web", a=images[0], b=images[1], c=images[2])
    count_repository(repository)
    repository.refresh_from_db()
    assert repository.last_change == times[1]


def test_a_repository_without_tags_needs_nothing(registry_row, tagged):
    repository = tagged("shop/web", latest=make_image(registry_row, BASE))
    count_repository(repository)
    Tag.objects.all().delete()
    count_repository(repository)
    repository.refresh_from_db()
    assert (repository.size, repository.shared_size, repository.tag_count) == (0, 0, 0)
    assert repository.last_change is None
    assert not RepositoryBlob.objects.exists()
    count_registry(repository.registry)
    assert not Blob.objects.exclude(repository_count=0).exists()


def test_a_tag_that_is_not_fetched_yet_counts_as_a_tag(tagged):
    repository = tagged("shop/web", latest=None)
    count_repository(repository)
    repository.refresh_from_db()
    assert (repository.tag_count, repository.size) == (1, 0)


def test_only_the_links_that_change_are_written(registry_row, tagged):
    repository = tagged("shop/web", a=make_image(registry_row, BASE, ("one", 10)))
    count_repository(repository)
    kept = RepositoryBlob.objects.get(blob__digest=digest_of("base"))
    Tag.objects.update(artifact=make_image(registry_row, BASE, ("two", 20)))
    count_repository(repository)
    assert layers_of(repository) == {digest_of("base"), digest_of("two")}
    assert RepositoryBlob.objects.get(blob__digest=digest_of("base")).pk == kept.pk


def test_an_unchanged_repository_costs_few_queries_however_many_tags_it_has(registry_row, tagged):
    image = make_image(registry_row, BASE)
    repository = tagged("shop/web")
    columns = columns_of_name("v1")
    Tag.objects.bulk_create(
        Tag(
            repository=repository,
            team=registry_row.team,
            name=f"v{number}",
            artifact=image,
            **columns,
        )
        for number in range(10_000)
    )
    count_repository(repository)
    with CaptureQueriesContext(connection) as queries:
        count_repository(repository)
    repository.refresh_from_db()
    assert repository.tag_count == 10_000
    assert len(queries) <= 9, [query["sql"] for query in queries]


@pytest.fixture(params=["fresh", "stale"])
def statistics(request):
    """Return stale statistics, as PostgreSQL's autovacuum leaves them: they promise no rows."""
    if request.param == "stale":
        if connection.vendor != "postgresql":
            pytest.skip("SQLite plans by no such statistics")
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE pg_class SET relpages = 100, reltuples = 0 WHERE relname LIKE 'catalog_%'"
            )


@pytest.mark.usefixtures("statistics")
def test_thousands_of_blobs_in_one_repository_are_counted(registry_row, tagged):
    image = make_image(registry_row, BASE)
    blobs = Blob.objects.bulk_create(
        Blob(registry=registry_row, digest=digest_of(f"blob {number}"), size=1)
        for number in range(3000)
    )
    ArtifactBlob.objects.bulk_create(ArtifactBlob(artifact=image, blob=blob) for blob in blobs)
    repository = tagged("shop/web", latest=image)
    count_repository(repository)
    count_registry(registry_row)
    assert RepositoryBlob.objects.count() == 3002
    assert Blob.objects.filter(repository_count=1).count() == 3002


def test_a_repository_that_is_deleted_meanwhile_is_ignored(registry_row, tagged):
    repository = tagged("shop/web", latest=make_image(registry_row, BASE))
    Repository.objects.all().delete()
    count_repository(repository)
    assert not RepositoryBlob.objects.exists()


def test_the_registry_counts_every_blob_once_and_what_repositories_share(registry_row, tagged):
    # The same config in both: the images differ in their layers only.
    web, api = (
        tagged("shop/web", a=make_image(registry_row, BASE, ("web", 10))),
        tagged("shop/api", a=make_image(registry_row, BASE, ("api", 20))),
    )
    count_repository(web)
    count_repository(api)
    count_registry(registry_row)
    for row in (web, api, registry_row):
        row.refresh_from_db()
    config = Blob.objects.exclude(digest__in=map(digest_of, ("base", "web", "api"))).get().size
    assert registry_row.size == 1030 + config
    assert (registry_row.repository_count, registry_row.tag_count) == (2, 2)
    assert (web.unique_size, web.shared_size) == (10, 1000 + config)
    assert (api.unique_size, api.shared_size) == (20, 1000 + config)
    assert Blob.objects.get(digest=digest_of("base")).repository_count == 2
    assert Blob.objects.get(digest=digest_of("web")).repository_count == 1


def test_a_repository_knows_its_shared_part_before_the_registry_is_counted(registry_row, tagged):
    image = make_image(registry_row, BASE)
    for name in ("shop/web", "shop/api"):
        count_repository(tagged(name, latest=image))
    api = Repository.objects.get(name="shop/api")
    assert (api.unique_size, api.shared_size) == (0, image.size)


def test_shared_size_becomes_unique_when_the_other_repository_is_deleted(registry_row, tagged):
    image = make_image(registry_row, BASE)
    for name in ("shop/web", "shop/api"):
        count_repository(tagged(name, latest=image))
    Repository.objects.filter(name="shop/api").delete()
    count_registry(registry_row)
    web = Repository.objects.get()
    assert (web.unique_size, web.shared_size) == (image.size, 0)


def test_many_repositories_are_counted_together(registry_row, tagged):
    repositories = [
        tagged(f"shop/{number}", latest=make_image(registry_row, BASE, (f"own {number}", number)))
        for number in range(250)
    ]
    with CaptureQueriesContext(connection) as queries:
        count_repositories(registry_row, [repository.pk for repository in repositories] + [999_999])
    assert len(queries) <= 30
    for number, repository in enumerate(Repository.objects.order_by("pk")):
        assert (repository.unique_size, repository.tag_count) == (number, 1)
        assert layers_of(repository) == {digest_of("base"), digest_of(f"own {number}")}


def test_counting_an_unchanged_registry_changes_nothing(registry_row, tagged):
    count_repository(tagged("shop/web", latest=make_image(registry_row, BASE)))
    count_registry(registry_row)
    before = [
        list(model.objects.order_by("pk").values())
        for model in (Repository, Blob, Artifact, RepositoryBlob)
    ]
    count_registry(registry_row)
    assert [
        list(model.objects.order_by("pk").values())
        for model in (Repository, Blob, Artifact, RepositoryBlob)
    ] == before


def test_an_unreached_artifact_is_deleted_with_its_blobs(registry_row, tagged):
    kept, lost = (
        make_image(registry_row, BASE, ("kept", 1)),
        make_image(registry_row, BASE, ("lost", 2), platform="linux/arm64"),
    )
    make_index(registry_row, lost)
    count_repository(tagged("shop/web", latest=kept))
    as_old_as_the_hills()
    count_registry(registry_row)
    assert list(Artifact.objects.all()) == [kept]
    assert set(Blob.objects.values_list("digest", flat=True)) == {
        digest_of("base"),
        digest_of("kept"),
        kept.config_digest,
    }


def test_children_and_referrers_of_a_tagged_artifact_stay(registry_row, tagged):
    image = make_image(registry_row, BASE)
    index = make_index(registry_row, image)
    signature = make_image(
        registry_row, ("signature", 1), subject=index, artifact_type="application/example"
    )
    of_the_signature = make_image(
        registry_row, ("note", 1), subject=signature, artifact_type="application/example"
    )
    count_repository(tagged("shop/web", latest=index))
    as_old_as_the_hills()
    count_registry(registry_row)
    assert set(Artifact.objects.all()) == {image, index, signature, of_the_signature}


def test_referrers_are_deleted_with_their_subject(registry_row):
    index = make_index(registry_row, make_image(registry_row, BASE))
    make_image(registry_row, ("signature", 1), subject=index, artifact_type="application/example")
    as_old_as_the_hills()
    count_registry(registry_row)
    assert not Artifact.objects.exists()
    assert not Blob.objects.exists()


def test_a_lately_fetched_artifact_stays(registry_row):
    image = make_image(registry_row, BASE)
    index = make_index(registry_row, image)
    as_old_as_the_hills()
    Artifact.objects.filter(pk=index.pk).update(fetched_at=timezone.now())
    count_registry(registry_row)
    assert set(Artifact.objects.all()) == {image, index}
    assert Blob.objects.count() == 2
    registry_row.refresh_from_db()
    assert registry_row.size == 0


def test_another_registry_does_not_change(registry_row, make_registry):
    other = make_registry(host="other.example.com")
    image = make_image(other, BASE)
    as_old_as_the_hills()
    count_registry(registry_row)
    assert list(Artifact.objects.all()) == [image]


def test_an_empty_registry_has_no_size(registry_row):
    count_registry(registry_row)
    registry_row.refresh_from_db()
    assert (registry_row.repository_count, registry_row.tag_count, registry_row.size) == (0, 0, 0)
