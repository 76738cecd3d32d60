import pytest
from django.core.exceptions import PermissionDenied

from registry_ui.images.models import LocalImage
from registry_ui.oci.errors import InvalidReference, ManifestUnknown
from registry_ui.oci.reference import Reference
from tests.transfers.conftest import add_credential
from tests.transfers.local_images import local_image
from transfers import services
from transfers.models import Kind, State, Transfer
from transfers.services import start_retag, start_tag

pytestmark = pytest.mark.django_db(transaction=True)

SOURCE = Reference.parse("registry.example.com/web/app:1.0")
STABLE = SOURCE.with_tag("stable")


def retag(team, user=None, source=SOURCE, target=STABLE, **options):
    return services.start_retag(
        team=team, user=user, source=source, target=target, enqueue=False, **options
    )


def test_a_local_tag_is_set_at_once(team, bob, pulled):
    image = pulled(team, str(SOURCE))

    row = start_tag(team=team, user=bob, source=SOURCE, target=SOURCE.with_tag("stable"))

    assert (row.state, row.digest) == (State.SUCCEEDED, image.digest)
    assert LocalImage.objects.get(tag="stable").image_id == image.image_id


def test_a_missing_image_has_no_second_name(team, bob):
    with pytest.raises(ManifestUnknown):
        start_tag(team=team, user=bob, source=SOURCE, target=SOURCE.with_tag("stable"))
    assert not Transfer.objects.exists()


def test_a_retag_reads_and_writes_with_one_credential(team, bob, make_registry):
    registry = make_registry()
    credential = add_credential(registry, "robot", "secret", can_push=True)

    row = start_retag(
        team=team, user=bob, source=SOURCE, target=SOURCE.with_tag("stable"), enqueue=False
    )

    assert (row.kind, row.source_is_local, row.target_is_local) == (Kind.TAG, False, False)
    assert row.source_credential == row.target_credential == credential
    assert row.source_registry == row.target_registry == registry


def test_another_repository_needs_a_copy(team, bob):
    other = Reference.parse("registry.example.com/web/other:1.0")

    with pytest.raises(InvalidReference) as raised:
        start_retag(team=team, user=bob, source=SOURCE, target=other, enqueue=False)
    assert raised.value.code == "retag_across_repositories"


def test_viewers_and_outsiders_tag_nothing(team, victor, charlie):
    local_image(team, str(SOURCE))
    for person in (victor, charlie):
        with pytest.raises(PermissionDenied):
            services.start_tag(team=team, user=person, source=SOURCE, target=STABLE)
        with pytest.raises(PermissionDenied):
            retag(team, person)
    assert not Transfer.objects.exists()
