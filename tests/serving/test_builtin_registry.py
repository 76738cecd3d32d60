import pytest

from registry_ui.catalog.indexing.index_services import latest_run, run_index_inline, start_index
from registry_ui.catalog.models import Artifact, Repository, Tag
from registry_ui.oci.reference import Reference
from registry_ui.registries.models import Registry
from tests.parts.images import build_index
from transfers import services
from transfers.models import State

pytestmark = pytest.mark.postgresql


HOST = "127.0.0.1:8000"


NAME = "harbour/app"


@pytest.mark.django_db(transaction=True)
def test_an_index_run_reads_the_store_and_no_network(admin, image, team, monkeypatch):
    index = build_index(platforms=["linux/amd64", "linux/arm64"], layer_size=500)
    admin.push(NAME, "1.0", image)
    admin.push("harbour/multi", "2.0", index)
    registry = Registry.objects.builtin().get(team=team)
    Repository.objects.all().delete()
    Artifact.objects.all().delete()
    monkeypatch.setattr("registry_ui.oci.egress.Dialer.connect", None)

    run = run_index_inline(start_index(registry=registry, user=None, enqueue=False))

    assert (run.state, run.error) == ("succeeded", None)
    assert sorted(Tag.objects.values_list("repository__name", "name", "digest")) == [
        (NAME, "1.0", image.digest),
        ("harbour/multi", "2.0", index.digest),
    ]

    registry.refresh_from_db()
    assert (registry.repository_count, registry.tag_count) == (2, 2)
    assert latest_run(registry) == run


@pytest.mark.django_db(transaction=True)
def test_transfers_delete_and_retag_on_the_builtin_registry(admin, image, team, alice):
    admin.push(NAME, "1.0", image)
    source = Reference.parse(f"{HOST}/{NAME}:1.0")
    retagged = services.run_in_process(
        services.start_retag(
            team=team, user=alice, source=source, target=source.with_tag("stable"), enqueue=False
        )
    )
    assert (retagged.state, retagged.error) == (State.SUCCEEDED, None)
    assert sorted(Tag.objects.values_list("name", flat=True)) == ["1.0", "stable"]
