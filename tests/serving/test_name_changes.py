import json

import pytest
from django.urls import reverse

from registry_ui.catalog.models import Artifact, Repository, Tag
from registry_ui.images.models import ImmutableTagRule, LocalImage
from registry_ui.images.services import remove_name, tag_image
from registry_ui.oci.digest import Digest
from registry_ui.oci.errors import Denied, InvalidReference
from registry_ui.oci.reference import Reference
from registry_ui.registries.models import Registry
from registry_ui.web.errors import describe
from tests.images.conftest import put
from tests.parts.error_texts import says
from tests.parts.images import build_image
from tests.serving.client import content_of
from transfers import services
from transfers.models import State

pytestmark = pytest.mark.postgresql


HOST = "127.0.0.1:8000"


NAME = "harbour/app"


@pytest.fixture
def local(team, alice, image):
    """A local image under the name of another registry."""
    from registry_ui.images.services import name_image
    from registry_ui.images.store import LocalStore

    reference = Reference.parse("docker.io/library/app:1.0")
    put(LocalStore(team, reference, user=alice), image)
    digest = Digest.parse(image.digest)

    return name_image(
        team=team,
        user=alice,
        name=reference,
        digest=digest,
        source_digest=digest,
        origin=str(reference),
    )


def tagged(team, source, target, user=None):
    return tag_image(
        team=team, user=user, source=Reference.parse(str(source)), target=Reference.parse(target)
    )


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["Pier", "A___b", "_x_", "ÄÖÜ", "a" * 49 + " b", "港"])
def test_the_short_name_of_every_team_can_begin_the_name_of_an_image(alice, name):
    from registry_ui.accounts.services import create_team
    from registry_ui.oci.reference import check_repository

    check_repository(f"{create_team(name=name, owner=alice).slug}/app")


@pytest.mark.django_db
def test_a_local_image_is_served_only_by_its_builtin_names(admin, local, image):
    for path in (f"/v2/{NAME}/manifests/{image.digest}", f"/v2/{NAME}/blobs/{image.layers[0]}"):
        assert admin("GET", path).status_code == 404


@pytest.mark.django_db
def test_tagging_a_local_image_serves_it_without_a_copy(
    admin, local, image, team, images_directory
):
    files = sorted(
        path for path in images_directory.rglob("*") if path.is_file() and "locks" not in path.parts
    )
    tagged(team, local, f"{HOST}/{NAME}:1.0")
    assert admin("GET", f"/v2/{NAME}/manifests/1.0").content == image.content

    for digest, content in image.blobs.items():
        assert content_of(admin("GET", f"/v2/{NAME}/blobs/{digest}")) == content

    assert json.loads(admin("GET", f"/v2/{NAME}/tags/list").content)["tags"] == ["1.0"]
    assert (
        sorted(
            path
            for path in images_directory.rglob("*")
            if path.is_file() and "locks" not in path.parts
        )
        == files
    )


@pytest.mark.django_db
@pytest.mark.parametrize(
    "target",
    ["lighthouse/app:1", "app:1", "harbour:1", "harbour/proxy/docker.io/app:1", "harbours/app:1"],
)
def test_a_builtin_name_begins_with_the_teams_name(team, other_team, local, target):
    with pytest.raises(InvalidReference, check=says("harbour/")):
        tagged(team, local, f"{HOST}/{target}")
    assert LocalImage.objects.count() == 1


@pytest.mark.django_db
def test_a_pushed_image_is_a_local_image(admin, image, alice, team, client_for):
    admin.push(NAME, "1.0", image)
    row = LocalImage.objects.get()
    assert (str(row.reference), row.team, row.created_by, row.image_id) == (
        f"{HOST}/{NAME}:1.0",
        team,
        alice,
        image.config,
    )
    page = client_for(alice).get(reverse("images:detail", args=[row.pk])).content.decode()
    assert f"docker pull {HOST}/{NAME}:1.0" in page


@pytest.mark.django_db
def test_artifacts_of_any_type_are_accepted_and_shown(admin, client_for, alice):
    for tag, kind in (
        ("chart", "application/vnd.cncf.helm.config.v1+json"),
        ("sbom", "application/spdx+json"),
    ):
        _content, answer = admin.push_artifact(NAME, tag, artifact_type=kind)
        assert answer.status_code == 201

    client = client_for(alice)
    listed = client.get(reverse("images:list")).content.decode()

    for row in LocalImage.objects.all():
        assert row.platforms == []
        assert row.image_id == row.digest
        assert f":{row.tag}" in client.get(reverse("images:detail", args=[row.pk])).content.decode()
        assert (
            "artifact, not an image"
            in client.get(reverse("images:detail", args=[row.pk])).content.decode()
        )
        assert client.get(reverse("images:remove", args=[row.pk])).status_code == 200

    assert "chart" in listed
    assert "sbom" in listed


@pytest.fixture
def rule(team):
    return ImmutableTagRule.objects.create(team=team, repository_pattern="app", tag_pattern="v*")


@pytest.mark.django_db
def test_an_immutable_tag_is_neither_moved_nor_removed_from_the_pages(
    admin, image, rule, team, alice, client_for
):
    admin.push(NAME, "v1", image)
    admin.push(NAME, "v2-candidate", build_image(layer_size=300))
    row = LocalImage.objects.get(tag="v1")

    with pytest.raises(Denied, check=says("immutable")):
        tagged(team, f"{HOST}/{NAME}:v2-candidate", f"{HOST}/{NAME}:v1", alice)

    with pytest.raises(Denied, check=says("immutable")):
        remove_name(image=row, user=alice)

    answer = client_for(alice).post(reverse("images:remove", args=[row.pk]), follow=True)
    assert "is immutable" in answer.content.decode()

    row.refresh_from_db()
    assert row.digest == image.digest


@pytest.mark.django_db
def test_another_teams_rule_does_not_apply(admin, image, other_team):
    ImmutableTagRule.objects.create(team=other_team, tag_pattern="*")
    admin.push(NAME, "v1", image)
    admin.push(NAME, "v1", build_image(layer_size=300))


@pytest.mark.django_db
@pytest.mark.parametrize(
    "name", ["registries:edit", "registries:remove", "registries:credential_add"]
)
@pytest.mark.parametrize("method", ["get", "post"])
def test_the_builtin_registry_is_neither_edited_nor_removed_and_needs_no_credential(
    client_for, alice, team, name, method
):
    row = Registry.objects.builtin().get(team=team)
    assert getattr(client_for(alice), method)(reverse(name, args=[row.pk])).status_code == 403
    page = client_for(alice).get(reverse("registries:detail", args=[row.pk])).content.decode()
    assert reverse("registries:edit", args=[row.pk]) not in page
    assert reverse("builtin_registry:overview") in page


@pytest.mark.django_db
def test_the_connection_test_of_the_builtin_registry_needs_no_connection(client_for, alice, team):
    row = Registry.objects.builtin().get(team=team)
    answer = client_for(alice).post(
        reverse("registries:test_connection", args=[row.pk]), follow=True
    )
    assert "this installation itself" in answer.content.decode()


@pytest.mark.django_db(transaction=True)
def test_a_push_is_indexed_at_once_and_a_deletion_too(admin, image, team, client_for, alice):
    admin.push(NAME, "1.0", image)
    tag = Tag.objects.get()
    assert (tag.name, tag.digest, tag.repository.name, tag.repository.is_listed) == (
        "1.0",
        image.digest,
        NAME,
        True,
    )
    assert tag.repository.size > 0

    registry = Registry.objects.builtin().get(team=team)
    assert Artifact.objects.get().registry == registry

    page = client_for(alice).get(
        reverse("registries:image_by_tag", args=[registry.pk, NAME, "1.0"])
    )
    assert page.status_code == 200
    assert f"docker pull {HOST}/{NAME}:1.0" in page.content.decode()

    admin("DELETE", f"/v2/{NAME}/manifests/1.0")
    assert not Tag.objects.exists()
    assert not Repository.objects.filter(registry=registry).exists()


@pytest.mark.django_db(transaction=True)
def test_a_push_to_the_builtin_registry_copies_no_bytes(admin, local, image, team, alice):
    ends = {"source": local.reference, "target": Reference.parse(f"{HOST}/{NAME}:1.0")}
    transfer = services.run_in_process(
        services.start_publish(team=team, user=alice, enqueue=False, **ends)
    )
    assert (transfer.state, transfer.error) == (State.SUCCEEDED, None)
    assert {layer["state"] for layer in transfer.progress["layers"]} == {"exists"}

    row = LocalImage.objects.get(repository=NAME)
    assert (row.created_by, row.digest) == (alice, image.digest)
    assert admin("GET", f"/v2/{NAME}/manifests/1.0").content == image.content

    again = services.run_in_process(
        services.start_push(team=team, user=alice, reference=row.reference, enqueue=False)
    )
    assert (again.state, again.error) == (State.SUCCEEDED, None)
    assert Tag.objects.get().name == "1.0"


@pytest.mark.django_db(transaction=True)
def test_a_pull_from_the_builtin_registry_copies_no_bytes(admin, image, team, alice):
    admin.push(NAME, "1.0", image)
    reference = Reference.parse(f"{HOST}/{NAME}:1.0")
    transfer = services.run_in_process(
        services.start_pull(team=team, user=alice, reference=reference, enqueue=False)
    )
    assert (transfer.state, transfer.error) == (State.SUCCEEDED, None)
    assert {layer["state"] for layer in transfer.progress["layers"]} == {"exists"}


@pytest.mark.django_db(transaction=True)
def test_an_image_is_copied_to_the_builtin_registry_and_on(
    admin, team, alice, registry, second_registry, image_factory
):
    from registry_ui.registries.models import Security

    source = image_factory(registry, layer_size=3000)
    for host in (registry.host, second_registry.host):
        Registry.objects.create(team=team, name=host, host=host, security=Security.PLAIN_HTTP)

    builtin = Reference.parse(f"{HOST}/{NAME}:1.0")
    external = Reference.parse(f"{second_registry.host}/{second_registry.new_repository()}:1.0")

    for start, end in ((Reference.parse(source.reference), builtin), (builtin, external)):
        transfer = services.run_in_process(
            services.start_copy(team=team, user=alice, source=start, target=end, enqueue=False)
        )
        assert (transfer.state, transfer.error) == (State.SUCCEEDED, None)

    assert admin("GET", f"/v2/{NAME}/manifests/1.0").content == source.built.content
    assert second_registry.digest_of(external.repository, "1.0") == source.digest


@pytest.mark.django_db(transaction=True)
def test_nothing_is_pushed_under_another_teams_name(local, team, other_team, alice):
    ends = {"source": local.reference, "target": Reference.parse(f"{HOST}/lighthouse/app:1.0")}
    transfer = services.run_in_process(
        services.start_publish(team=team, user=alice, enqueue=False, **ends)
    )
    assert transfer.state == State.FAILED
    assert "harbour/" in describe(transfer.error).sentence
    assert LocalImage.objects.count() == 1
