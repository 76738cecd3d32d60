from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from registry_ui.images.models import LocalImage
from registry_ui.images.services import name_image, tag_image
from registry_ui.images.store import LocalStore
from registry_ui.oci.digest import Digest
from registry_ui.oci.reference import Reference
from tests.images.conftest import put
from tests.parts.images import build_image

pytestmark = pytest.mark.postgresql


NAME = "registry.example.com/team/app:1.0"


def ref(text: str) -> Reference:
    return Reference.parse(text)


def test_moving_a_name_reports_its_former_image(pulled, team, bob):
    old = pulled(team, NAME)
    new = pulled(team, "nginx:1.27")
    moved = tag_image(team=team, user=bob, source=ref("nginx:1.27"), target=ref(NAME))
    assert moved.pk == old.pk
    assert moved.previous_image_id == old.image_id
    assert moved.image_id == new.image_id
    assert not LocalImage.objects.filter(image_id=old.image_id).exists()


def test_a_pull_by_digest_is_one_row_per_digest(team, bob):
    for _ in range(2):
        built = build_image(layer_size=500)
        digest = Digest.parse(built.digest)
        for _ in range(2):
            name = ref(f"registry.example.com/team/app@{digest}")
            put(LocalStore(team, ref(NAME)), built)
            name_image(
                team=team, user=bob, name=name, digest=digest, source_digest=digest, origin=""
            )
    assert LocalImage.objects.filter(tag="").count() == 2


NAME_STORE = Reference.parse("registry.example.com/team/app:1.0")


@pytest.mark.django_db(transaction=True)
def test_two_pulls_of_one_name_leave_one_whole_row(team, redis_server):
    builts = [build_image(layer_size=500) for _ in range(2)]

    def pull(built) -> None:
        for _ in range(5):
            put(LocalStore(team, NAME_STORE), built, "1.0")
        connection.close()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(pull, builts))

    image = LocalImage.objects.get()
    assert image.digests in [{built.digest, *built.blobs} for built in builts]
