from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from registry_ui.catalog.indexing.sizes import count_registry
from registry_ui.catalog.models import UNSTATED, Repository
from registry_ui.catalog.storage_analysis import storage_of_registry, storage_of_repository
from registry_ui.registries.models import Registry
from tests.parts.index_rows import make_image, make_index, make_repository

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db]
MIB = 1024 * 1024


@pytest.fixture
def harbour(team):
    """Return a registry with two repositories on one base layer."""
    registry = Registry.objects.create(team=team, name="Harbour", host="registry.example.com")
    base = ("base", 100 * MIB)
    web, api = (
        make_image(registry, base, ("web", 30 * MIB)),
        make_image(registry, base, ("api", 10 * MIB)),
    )
    make_repository(registry, "team/web", {"1.0": web, "latest": web})
    make_repository(registry, "team/api", {"1.0": api})
    make_repository(registry, "team/empty")
    count_registry(registry)
    registry.refresh_from_db()
    return registry


def page(client, registry, name=""):
    where = (
        reverse("registries:repository_storage", args=[registry.pk, name])
        if name
        else reverse("registries:storage", args=[registry.pk])
    )
    return client.get(where)


def test_shared_layers_are_counted_once(harbour):
    storage = storage_of_registry(harbour)

    assert storage.separate // MIB == 240
    assert storage.saved // MIB == 100
    assert [repository.name for repository in storage.largest] == ["team/web", "team/api"]
    assert storage.rest == 1


def test_a_tile_shows_the_unique_part(harbour):
    web, api = storage_of_registry(harbour).tiles

    assert web.area.width * web.area.height > api.area.width * api.area.height
    assert web.own.height / web.area.height == pytest.approx(30 / 130, abs=0.01)
    assert web.own.y + web.own.height == pytest.approx(web.area.y + web.area.height, abs=0.02)


def test_deleting_frees_only_what_nothing_else_needs(harbour):
    (image,) = storage_of_repository(Repository.objects.get(name="team/web")).images

    assert sorted(image.tags) == ["1.0", "latest"]
    assert image.freed // MIB == 30


def test_deleting_an_index_frees_its_images_but_not_one_that_a_tag_names(team):
    registry = Registry.objects.create(team=team, name="R", host="r.example.com")
    one, two = (
        make_image(registry, ("one", 5 * MIB)),
        make_image(registry, ("two", 7 * MIB), platform="linux/arm64"),
    )
    index = make_index(registry, one, two)
    make_repository(registry, "a/b", {"1.0": index})
    freed = {
        image.artifact.pk: image.freed // MIB
        for image in storage_of_repository(Repository.objects.get()).images
    }
    assert freed == {index.pk: 12}

    make_repository(registry, "a/c", {"arm": two})
    (image,) = storage_of_repository(Repository.objects.get(name="a/b")).images
    assert image.freed // MIB == 5
    (image,) = storage_of_repository(Repository.objects.get(name="a/c")).images
    assert image.freed == 0


def test_an_image_that_another_repository_names_frees_nothing(harbour):
    web = Repository.objects.get(name="team/web").tags.first().artifact
    make_repository(harbour, "team/copy", {"1.0": web})

    (image,) = storage_of_repository(Repository.objects.get(name="team/copy")).images

    assert image.freed == 0


def test_the_repositories_that_share_most_are_named(harbour):
    (sharer,) = storage_of_repository(Repository.objects.get(name="team/web")).sharers

    assert sharer["repository__name"] == "team/api"
    assert sharer["size"] // MIB == 100


def test_layers_have_the_number_of_images(harbour):
    layers = storage_of_repository(Repository.objects.get(name="team/web")).layers

    assert [(layer.blob.size // MIB, layer.images, layer.is_shared) for layer in layers[:2]] == [
        (100, 2, True),
        (30, 1, False),
    ]


def test_tags_are_counted_by_the_age_of_their_images(team):
    registry = Registry.objects.create(team=team, name="R", host="r.example.com")
    days = {"today": 1, "weeks": 20, "months": 60, "half": 180, "old": 900}
    tags = {
        name: make_image(registry, (name, 1), built_at=timezone.now() - timedelta(days=count))
        for name, count in days.items()
    }
    tags["unstated"] = make_image(registry, ("unstated", 1), built_at=UNSTATED)
    repository = make_repository(registry, "a/b", {**tags, "unseen": None})

    assert [age.count for age in storage_of_repository(repository).ages] == [1, 1, 1, 1, 1, 1]
    assert [age.count for age in storage_of_registry(registry).ages] == [1, 1, 1, 1, 1, 1]


def test_the_pages_show_names_and_sizes(client_for, victor, harbour):
    client = client_for(victor)

    whole = page(client, harbour).content.decode().replace("\N{NO-BREAK SPACE}", " ")
    assert "240.0 MiB" in whole
    assert whole.count('<rect class="tile"') == 2
    one = page(client, harbour, "team/web").content.decode().replace("\N{NO-BREAK SPACE}", " ")
    assert "130.0 MiB" in one
    assert "30.0 MiB" in one


def test_an_empty_registry_has_advice(client_for, victor, bob, team):
    registry = Registry.objects.create(team=team, name="R", host="r.example.com")

    assert (
        reverse("registries:index_start", args=[registry.pk])
        in page(client_for(bob), registry).content.decode()
    )
    viewed = page(client_for(victor), registry)
    assert viewed.status_code == 200
    assert reverse("registries:index_start", args=[registry.pk]) not in viewed.content.decode()


def test_outsiders_get_404(client_for, charlie, harbour):
    assert page(client_for(charlie), harbour).status_code == 404
    assert page(client_for(charlie), harbour, "team/web").status_code == 404


def test_a_missing_repository_is_404(client_for, victor, harbour):
    assert page(client_for(victor), harbour, "team/none").status_code == 404


def test_the_pages_take_at_most_twelve_queries(
    client_for, victor, harbour, django_assert_max_num_queries
):
    images = [
        make_image(harbour, (f"layer-{number}", number + 1), ("base", 100 * MIB))
        for number in range(60)
    ]
    make_repository(
        harbour, "team/many", {f"1.{number}": image for number, image in enumerate(images)}
    )
    client = client_for(victor)
    for name in ("", "team/many"):
        with django_assert_max_num_queries(12):
            assert page(client, harbour, name).status_code == 200
