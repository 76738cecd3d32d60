import pytest

from registry_ui.images.models import LocalImage
from registry_ui.oci.reference import Reference
from transfers import services
from transfers.models import State

pytestmark = pytest.mark.django_db(transaction=True)


def digest_on(skopeo, registry, name):
    repository, _colon, tag = name.partition("/")[2].rpartition(":")
    return skopeo.inspect(registry, repository, tag)["Digest"]


@pytest.fixture
def local(team, pull, registry, add_registry, image_factory):
    add_registry(team, registry)
    built = image_factory(registry)
    pull(built.reference)
    return built


def steps(row):
    return [(step["name"], step["state"]) for step in row.progress["steps"]]


def test_a_publish_logs_in_tags_and_pushes(local, publish, registry, skopeo):
    target = f"{registry.host}/{registry.new_repository()}:prod"

    ended = publish(local.reference, target)

    assert ended.state == State.SUCCEEDED
    assert steps(ended) == [("login", "done"), ("tag", "done"), ("push", "done")]
    assert LocalImage.objects.filter(tag="prod").exists()
    assert digest_on(skopeo, registry, target) == ended.digest == local.digest


def test_a_login_that_is_refused_leaves_no_tag_behind(
    team, local, publish, htpasswd_registry, add_registry
):
    add_registry(team, htpasswd_registry, with_credential=False)
    target = f"{htpasswd_registry.host}/team/app:prod"

    ended = publish(local.reference, target)

    assert (ended.state, ended.error["kind"]) == (State.FAILED, "Unauthorized")
    assert steps(ended) == [("login", "failed"), ("tag", "waiting"), ("push", "waiting")]
    assert not LocalImage.objects.filter(tag="prod").exists()


def test_a_push_of_what_the_registry_has_sends_nothing(team, alice, local):
    ended = services.run_in_process(
        services.start_push(
            team=team, user=alice, reference=Reference.parse(local.reference), enqueue=False
        )
    )

    assert (ended.state, ended.digest) == (State.SUCCEEDED, local.digest)
    assert {layer["state"] for layer in ended.progress["layers"]} <= {"exists", "done", "present"}
