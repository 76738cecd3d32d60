import pytest

from registry_ui.credentials.models import Credential
from transfers.mirrors.credential_dependents import MirrorDependents
from transfers.mirrors.models import Mirror
from transfers.mirrors.services import start_local_pull
from transfers.models import State

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def repository(registry, image_factory) -> str:
    """Push one image of two platforms, one of one platform, and an unselected one."""
    name = registry.new_repository()
    image_factory(registry, name, "1.0", platforms=["linux/amd64", "linux/arm64"], layer_size=2000)
    image_factory(registry, name, "1.1", layer_size=2000)
    image_factory(registry, name, "nightly", layer_size=2000)
    return name


@pytest.fixture
def mirror(repository, own_registry, make_mirror) -> Mirror:
    values = {
        "selection": {"tags": ["1.*"]},
        "naming": {"kind": "prefix", "prefix": "mirror/company"},
    }
    return make_mirror(repository, target=own_registry, name="base", **values)


def test_only_a_revoked_source_credential_stops_it(mirror, team, alice):
    credentials = []
    for registry in (mirror.source_registry, mirror.target_registry):
        credential = Credential(
            team=team, registry=registry, label=f"Of {registry.name}", username="robot"
        )
        credential.set_secret("not-a-real-secret")
        credential.save()
        credentials.append(credential)
    Mirror.objects.filter(pk=mirror.pk).update(
        source_credential=credentials[0], target_credential=credentials[1]
    )
    run = start_local_pull(mirror=mirror, user=None, enqueue=False)
    assert MirrorDependents().stop(credentials[1], None, by=alice) == 0
    assert MirrorDependents().stop(credentials[0], None, by=alice) == 1
    run.refresh_from_db()
    assert run.state == State.CANCELLED
