import pytest

from registry_ui.oci.reference import Reference
from transfers import services
from transfers.models import State

pytestmark = pytest.mark.django_db(transaction=True)


def digest_on(skopeo, registry, name):
    repository, _colon, tag = name.partition("/")[2].rpartition(":")
    return skopeo.inspect(registry, repository, tag)["Digest"]


def retag(team, user, source, target):
    return services.run_in_process(
        services.start_retag(
            team=team,
            user=user,
            source=Reference.parse(source),
            target=Reference.parse(target),
            enqueue=False,
        )
    )


def test_a_retag_points_a_second_tag_at_the_same_manifest(
    team, bob, registry, add_registry, image_factory, skopeo
):
    add_registry(team, registry)
    built = image_factory(registry)
    target = built.reference.rpartition(":")[0] + ":stable"

    ended = retag(team, bob, built.reference, target)

    assert (ended.state, ended.digest) == (State.SUCCEEDED, built.digest)
    assert digest_on(skopeo, registry, target) == built.digest


def test_a_missing_source_tags_nothing(team, bob, registry, add_registry):
    add_registry(team, registry)
    name = f"{registry.host}/{registry.new_repository()}"

    ended = retag(team, bob, f"{name}:1.0", f"{name}:stable")

    assert ended.state == State.FAILED
    assert ended.error["kind"] in ("ManifestUnknown", "RepositoryUnknown", "NotFound")
