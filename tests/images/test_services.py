import threading

import pytest
from django.core.exceptions import PermissionDenied

from registry_ui.images.models import LocalImage
from registry_ui.images.services import find_image, name_image, plan_removal, remove_name, tag_image
from registry_ui.images.store import LocalStore, blob_directory
from registry_ui.oci.digest import Digest
from registry_ui.oci.errors import BlobUnknown, InvalidReference, ManifestUnknown
from registry_ui.oci.reference import Reference
from registry_ui.web.errors import describe
from tests.parts.images import build_image, build_index

from .conftest import put

pytestmark = pytest.mark.postgresql

NAME = "registry.example.com/team/app:1.0"


def ref(text: str) -> Reference:
    return Reference.parse(text)


def test_an_image_is_found_by_any_form_of_its_name(pulled, team):
    image = pulled(team, "nginx:1.27")
    for name in (
        "nginx:1.27",
        "docker.io/nginx:1.27",
        "docker.io/library/nginx:1.27",
        f"nginx@{image.digest}",
        f"nginx:9@{image.digest}",
    ):
        assert find_image(team, ref(name)) == image


def test_an_image_is_found_by_the_digest_of_the_index_it_came_from(pulled, team):
    image = pulled(team, "nginx:1.27")
    index = Digest.of(b"index")
    LocalImage.objects.update(source_digest=str(index))
    assert find_image(team, ref(f"nginx@{index}")) == image


def test_the_error_of_a_missing_tag_names_existing_tags(pulled, team):
    pulled(team, "nginx:1.27")
    pulled(team, "nginx:1.26")
    with pytest.raises(ManifestUnknown) as failure:
        find_image(team, ref("nginx:1.28"))
    assert "nginx:1.27" in describe(failure.value).advice
    assert "nginx:1.26" in describe(failure.value).advice


def test_another_teams_image_is_neither_found_nor_named(pulled, team, other_team):
    pulled(team, "nginx:1.27")
    for name in ("nginx:1.27", "nginx:1.28"):
        with pytest.raises(ManifestUnknown) as failure:
            find_image(other_team, ref(name))
        assert "1.27" not in describe(failure.value).advice


def test_a_tag_is_another_name_of_the_same_image(pulled, team, bob):
    image = pulled(team, "nginx:1.27")
    files = list(blob_directory())
    tagged = tag_image(team=team, user=bob, source=ref("nginx:1.27"), target=ref(NAME))
    assert (tagged.image_id, tagged.digest, tagged.blobs) == (
        image.image_id,
        image.digest,
        image.blobs,
    )
    assert (str(tagged.reference), tagged.created_by, tagged.previous_image_id) == (NAME, bob, "")
    assert tagged.origin == "docker.io/library/nginx:1.27"
    assert LocalImage.objects.count() == 2
    assert list(blob_directory()) == files


def test_a_viewer_removes_no_name(pulled, team, victor):
    image = pulled(team, "nginx:1.27")

    with pytest.raises(PermissionDenied):
        remove_name(image=image, user=victor)

    assert LocalImage.objects.filter(pk=image.pk).exists()


def test_the_same_tag_again_changes_nothing(pulled, team, bob, alice):
    pulled(team, "nginx:1.27")
    first = tag_image(team=team, user=bob, source=ref("nginx:1.27"), target=ref(NAME))
    again = tag_image(team=team, user=alice, source=ref("nginx:1.27"), target=ref(NAME))
    assert (again.pk, again.updated_at, again.created_by) == (first.pk, first.updated_at, bob)


@pytest.mark.parametrize("target", [f"nginx@sha256:{'a' * 64}", f"nginx:1@sha256:{'a' * 64}"])
def test_a_digest_cannot_be_a_target(pulled, team, bob, target):
    pulled(team, "nginx:1.27")
    with pytest.raises(InvalidReference):
        tag_image(team=team, user=bob, source=ref("nginx:1.27"), target=ref(target))


def test_tagging_a_missing_image_fails(team, bob):
    with pytest.raises(ManifestUnknown):
        tag_image(team=team, user=bob, source=ref("nginx:1.27"), target=ref(NAME))


def test_naming_needs_a_complete_image(team, bob):
    built = build_image(layer_size=500)
    put(LocalStore(team, ref(NAME)), built)
    digest = Digest.parse(built.digest)
    layer = Digest.parse(built.layers[0])

    with blob_directory().locked(layer):
        blob_directory().remove(layer)

    with pytest.raises(BlobUnknown):
        name_image(
            team=team, user=bob, name=ref(NAME), digest=digest, source_digest=digest, origin=""
        )

    assert not LocalImage.objects.exists()


def test_naming_an_image_that_was_never_stored_fails(team, bob):
    digest = Digest.of(b"never")
    with pytest.raises(ManifestUnknown):
        name_image(
            team=team, user=bob, name=ref(NAME), digest=digest, source_digest=digest, origin=""
        )


def test_naming_keeps_the_source_digest(team, bob):
    built, index = build_image(layer_size=500), Digest.of(b"index")
    put(LocalStore(team, ref(NAME)), built)
    image = name_image(
        team=team,
        user=bob,
        name=ref(NAME),
        digest=Digest.parse(built.digest),
        source_digest=index,
        origin=NAME,
    )
    assert (image.source_digest, image.origin, image.created_by) == (str(index), NAME, bob)


def test_removing_a_name_leaves_the_others(pulled, team, bob):
    image = pulled(team, "nginx:1.27")
    tagged = tag_image(team=team, user=bob, source=ref("nginx:1.27"), target=ref(NAME))
    removal = remove_name(image=image, user=bob)
    assert removal.remaining == [tagged]
    assert removal.freed == 0
    assert [row.pk for row in LocalImage.objects.all()] == [tagged.pk]


def test_removing_the_last_name_reports_the_freed_bytes(pulled, team, bob):
    shared = build_image(seed="a", layers=1, layer_size=2000, shared_layers=["base"])
    image = pulled(team, "app:1", shared)
    pulled(team, "app:2", build_image(seed="b", layers=1, layer_size=2000, shared_layers=["base"]))
    removal = plan_removal(image)
    base = len(shared.blobs[shared.layers[0]])
    assert removal.remaining == []
    assert removal.freed == shared.size + sum(map(len, shared.blobs.values())) - base


def test_removing_an_index_keeps_the_platform_that_another_name_needs(pulled, team):
    index = build_index(platforms=["linux/amd64", "linux/arm64"], layer_size=2000)
    whole = pulled(team, "app:all", index)
    pulled(team, "app:amd64", index.children[0])
    kept_blobs = index.children[0].blobs
    assert plan_removal(whole).freed == index.size + index.children[1].size + sum(
        len(content) for digest, content in index.blobs.items() if digest not in kept_blobs
    )


@pytest.mark.django_db(transaction=True)
def test_simultaneous_tag_and_removal_keep_the_image_or_fail(pulled, team, redis_server):
    from django.db import connection

    for round_number in range(5):
        source = pulled(team, f"app:{round_number}")
        target = ref(f"{NAME}-{round_number}")
        outcome: list[object] = []
        barrier = threading.Barrier(2)

        def tag(source=source, target=target, outcome=outcome, barrier=barrier) -> None:
            barrier.wait()
            try:
                outcome.append(
                    tag_image(team=team, user=None, source=source.reference, target=target)
                )
            except ManifestUnknown as exc:
                outcome.append(exc)
            finally:
                connection.close()

        thread = threading.Thread(target=tag)
        thread.start()
        barrier.wait()
        remove_name(image=source, user=None)
        thread.join()
        assert LocalImage.objects.filter(image_id=source.image_id).count() == isinstance(
            outcome[0], LocalImage
        )
