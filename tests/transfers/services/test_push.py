import pytest
from django.core.exceptions import PermissionDenied

from registry_ui.credentials.services import CredentialUnusable
from registry_ui.oci.errors import InvalidReference, ManifestUnknown
from registry_ui.oci.reference import Reference
from registry_ui.registries.models import Registry
from tests.transfers.conftest import add_credential
from tests.transfers.local_images import local_image
from transfers import services
from transfers.models import Kind, Transfer
from transfers.services import start_publish, start_push

pytestmark = pytest.mark.django_db

NAME = Reference.parse("registry.example.com/web/app:1.0")
LOCAL = Reference.parse("app:dev")


@pytest.fixture
def image(team):
    return local_image(team, str(NAME))


def push(team, user=None, name=NAME, **options):
    return services.start_push(team=team, user=user, reference=name, enqueue=False, **options)


def test_a_push_has_one_name_for_both_ends(team, bob, image, make_registry):
    registry = make_registry()

    row = start_push(team=team, user=bob, reference=NAME, enqueue=False)

    assert (row.kind, row.source, row.target) == (Kind.PUSH, str(NAME), str(NAME))
    assert (row.source_is_local, row.target_is_local) == (True, False)
    assert (row.target_registry, row.needs_target_credential) == (registry, False)


def test_a_publish_sends_a_local_image_under_another_name(team, bob, make_registry):
    local_image(team, "app:dev")
    registry = make_registry()
    credential = add_credential(registry, "robot", "secret", can_push=True)

    row = start_publish(team=team, user=bob, source=LOCAL, target=NAME, enqueue=False)

    assert (row.kind, row.source, row.target) == (Kind.PUBLISH, str(LOCAL), str(NAME))
    assert (row.target_credential, row.needs_target_credential) == (credential, True)


def test_an_image_that_is_not_here_is_an_error_at_once(team, bob, other_team):
    local_image(other_team, str(NAME))

    with pytest.raises(ManifestUnknown):
        start_push(team=team, user=bob, reference=NAME, enqueue=False)
    assert not Transfer.objects.exists()


def test_a_digest_is_no_target(team, bob, image):
    with pytest.raises(InvalidReference):
        start_push(team=team, user=bob, reference=NAME.with_digest(image.digest), enqueue=False)


def test_a_viewer_pushes_nothing(team, victor, image):
    with pytest.raises(PermissionDenied):
        start_push(team=team, user=victor, reference=NAME, enqueue=False)


@pytest.mark.parametrize(
    "limits", [{"can_push": False}, {"repository_pattern": "elsewhere/*"}], ids=["pull", "pattern"]
)
def test_a_selected_credential_that_may_not_push_there_is_refused(team, limits):
    local_image(team, str(NAME))
    row = Registry.objects.create(team=team, name="x", host=NAME.registry)
    limited = add_credential(row, "robot", "x", **limits)

    with pytest.raises(CredentialUnusable):
        push(team, credential=limited)
    assert not Transfer.objects.exists()
