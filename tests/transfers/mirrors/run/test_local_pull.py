"""Pulls of mirrors between registries to the local images.

The target is neither asked nor changed.
"""

import json
import shutil

import pytest
from django.core.management import call_command

from registry_ui.accounts.models import Action, AuditEvent, Membership
from registry_ui.credentials.models import Credential
from registry_ui.images.models import LocalImage
from registry_ui.images.services import find_image, tag_image
from registry_ui.notifications.models import Notice
from registry_ui.oci.errors import InvalidReference, ManifestUnknown
from registry_ui.oci.reference import Reference
from registry_ui.registries.builtin_registry import builtin_registry_host
from registry_ui.registries.models import Registry
from tests.parts.error_texts import says
from tests.parts.slow_line import slow_line
from transfers.mirrors.archive import archive_images, archive_status
from transfers.mirrors.models import ConflictPolicy, ItemState, Mirror, MirrorItem
from transfers.mirrors.services import (
    MirrorBusy,
    create_mirror,
    retry_failed,
    run_in_process,
    start_local_pull,
    start_plan,
    start_run,
)
from transfers.models import State

from ...scripted_registry import kill
from ..outcomes import outcome
from .test_faults import ended, expire_heartbeat

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


def requests(own_registry) -> list[str]:
    return [line for line in own_registry.log.splitlines() if "/v2/" in line]


def mirror_state(mirror) -> tuple[object, ...]:
    """Return the state that only a run to the target changes."""
    row = Mirror.objects.get(pk=mirror.pk)
    pairs = list(row.pairs.order_by("pk").values())
    return row.last_run_id, row.last_state, row.last_success_at, row.next_run_at, pairs


def test_the_selection_is_pulled_under_its_source_name_without_the_target(
    mirror, repository, registry, own_registry, pull_to_local
):
    before, log = mirror_state(mirror), requests(own_registry)

    run = pull_to_local(mirror)

    assert run.error is None
    assert (run.state, outcome(run)) == (State.SUCCEEDED, {"1.0": "new done", "1.1": "new done"})
    assert set(run.items.values_list("verification", flat=True)) == {"equal"}
    assert {str(image.reference): image.digest for image in archive_images(mirror)} == {
        f"{registry.host}/{repository}:{tag}": registry.digest_of(repository, tag)
        for tag in ("1.0", "1.1")
    }
    assert requests(own_registry) == log
    assert mirror_state(mirror) == before
    assert not Notice.objects.exists()
    actions = list(
        AuditEvent.objects.filter(action__startswith="mirror.local_pull")
        .order_by("at")
        .values_list("action", flat=True)
    )
    assert actions == [Action.MIRROR_LOCAL_PULL_STARTED, Action.MIRROR_LOCAL_PULL_SUCCEEDED]


def test_it_works_without_the_target_and_a_repeat_copies_nothing(
    mirror, repository, registry, own_registry, image_factory, pull_to_local
):
    own_registry.stop()
    pull_to_local(mirror)
    again = pull_to_local(mirror)
    assert outcome(again) == {"1.0": "up_to_date done", "1.1": "up_to_date done"}
    assert again.bytes_done == 0

    image_factory(registry, repository, "1.1", layer_size=2000)
    changed = pull_to_local(mirror)

    assert outcome(changed) == {"1.0": "up_to_date done", "1.1": "changed done"}
    assert {image.tag: image.digest for image in archive_images(mirror)}[
        "1.1"
    ] == registry.digest_of(repository, "1.1")


def test_drift_and_success_of_the_mirror_stay(
    mirror, run_mirror, pull_to_local, image_factory, registry, repository
):
    run_mirror(mirror)
    image_factory(registry, repository, "1.2", layer_size=2000)
    before = mirror_state(mirror)
    run = pull_to_local(mirror)
    assert run.totals["new"] == 3
    assert mirror_state(mirror) == before
    # A later run of one tag is merged into the comparison with the target, not into the pull.
    run_mirror(mirror, limited_to=[{"repository": repository, "tag": "1.2"}])
    assert mirror.pairs.get().counts() == {
        "up_to_date": 3,
        "missing": 0,
        "differing": 0,
        "extra": 0,
        "failed": 0,
        "mismatched": 0,
    }


def test_policies_of_the_target_do_not_apply_to_local_images(
    repository, registry, own_registry, image_factory, make_mirror, pull_to_local
):
    mirror = make_mirror(
        repository, target=own_registry, delete_extras=True, conflict_policy=ConflictPolicy.KEEP
    )
    pull_to_local(mirror)
    LocalImage.objects.filter(tag="1.0").update(tag="gone-from-the-source")
    image_factory(registry, repository, "1.1", layer_size=2000)

    run = pull_to_local(mirror)

    assert outcome(run) == {"1.0": "new done", "1.1": "changed done", "nightly": "up_to_date done"}
    assert LocalImage.objects.filter(tag="gone-from-the-source").exists()


def test_skopeo_and_podman_read_the_archive_with_every_digest(
    mirror, repository, registry, skopeo, podman, tmp_path
):
    path = tmp_path / "base.tar"
    call_command("export_images", "--mirror", "base", "-o", str(path))

    for tag in ("1.0", "1.1"):
        layout, name = tmp_path / f"layout-{tag}", f"{registry.host}/{repository}:{tag}"
        skopeo("copy", "--all", f"oci-archive:{path}:{name}", f"oci:{layout}:x")
        (entry,) = json.loads((layout / "index.json").read_text())["manifests"]
        assert entry["digest"] == registry.digest_of(repository, tag)
        shutil.rmtree(layout)
    podman("load", "-i", path)
    assert set(podman("images", "--format", "{{.Tag}}").split()) == {"1.0", "1.1"}


@pytest.mark.engine
def test_docker_loads_the_archive(mirror, docker_engine, tmp_path):
    path = tmp_path / "base.tar"
    call_command("export_images", "--mirror", "base", "-o", str(path))
    docker_engine.docker("load", "-i", path)
    for image in archive_images(mirror):
        ids = {entry["platform"]: entry["image_id"] for entry in image.platforms}
        assert docker_engine.image_id(str(image.reference)) == ids["linux/amd64"]


def test_a_partial_pull_is_an_archive_after_a_retry(
    mirror, repository, registry, image_factory, pull_to_local, bob
):
    bad = image_factory(registry, repository, "1.2", layer_size=2000)
    mend = registry.corrupt_blob(bad.layers[0])
    failed = pull_to_local(mirror)
    assert (failed.state, failed.error["kind"]) == (State.FAILED, "ItemsFailed")
    with pytest.raises(InvalidReference, check=says("have not been brought here yet")):
        archive_images(mirror)
    assert archive_status(mirror).unfinished == failed
    assert AuditEvent.objects.filter(action=Action.MIRROR_LOCAL_PULL_FAILED).count() == 1

    mend()
    again = run_in_process(retry_failed(run=failed, user=bob, enqueue=False))

    assert (again.is_local_pull, again.retry_of, again.trigger) == (True, failed, "retry")
    assert outcome(again) == {"1.0": "up_to_date done", "1.1": "up_to_date done", "1.2": "new done"}
    assert len(archive_images(mirror)) == 3
    assert archive_status(mirror).unfinished is None


def test_an_earlier_pull_can_be_exported_while_its_images_are_unchanged(
    mirror, repository, registry, image_factory, pull_to_local
):
    pull_to_local(mirror)
    bad = image_factory(registry, repository, "1.2", layer_size=2000)
    mend = registry.corrupt_blob(bad.layers[0])
    pull_to_local(mirror)
    assert sorted(image.tag for image in archive_images(mirror)) == ["1.0", "1.1"]

    image_factory(registry, repository, "1.1", layer_size=2000)
    pull_to_local(mirror)
    with pytest.raises(ManifestUnknown, check=says(r":1\.1 is another image here by now")):
        archive_images(mirror)
    mend()
    pull_to_local(mirror)
    LocalImage.objects.filter(tag="1.0").delete()
    with pytest.raises(ManifestUnknown, check=says(r":1\.0 is not here any more")):
        archive_images(mirror)


def test_a_run_and_a_local_pull_exclude_each_other(mirror, bob):
    local_pull = start_local_pull(mirror=mirror, user=bob, enqueue=False)
    for begin in (start_run, start_local_pull):
        with pytest.raises(MirrorBusy):
            begin(mirror=mirror, user=bob, enqueue=False)
    start_plan(mirror=mirror, user=bob, enqueue=False)
    run_in_process(local_pull)
    start_run(mirror=mirror, user=bob, enqueue=False)
    with pytest.raises(MirrorBusy):
        start_local_pull(mirror=mirror, user=bob, enqueue=False)


def test_a_mirror_to_the_local_images_is_run_instead(mirror):
    Mirror.objects.filter(pk=mirror.pk).update(target_registry=None)
    mirror.refresh_from_db()
    with pytest.raises(InvalidReference, check=says("keeps its images here anyway")):
        start_local_pull(mirror=mirror, user=None)


def test_the_worker_checks_rights_again(mirror, bob):
    run = start_local_pull(mirror=mirror, user=bob, enqueue=False)
    Membership.objects.filter(user=bob).delete()
    done = run_in_process(run)
    assert (done.state, done.error["kind"]) == (State.FAILED, "Denied")
    assert not LocalImage.objects.exists()


def test_it_needs_only_the_credential_of_the_source(
    team, htpasswd_registry, own_registry, image_factory, make_mirror, pull_to_local
):
    repository = htpasswd_registry.new_repository()
    image_factory(htpasswd_registry, repository, "1.0", layer_size=2000)
    mirror = make_mirror(repository, source=htpasswd_registry, target=own_registry)
    refused = pull_to_local(mirror)
    assert refused.state == State.FAILED

    credential = Credential(
        team=team,
        registry=mirror.source_registry,
        label="Reader",
        username=htpasswd_registry.username,
    )
    credential.set_secret(htpasswd_registry.password)
    credential.save()
    # The target's was chosen and is gone: a run fails, and this needs it not.
    Mirror.objects.filter(pk=mirror.pk).update(
        source_credential=credential, needs_source_credential=True, needs_target_credential=True
    )
    mirror.refresh_from_db()
    assert pull_to_local(mirror).state == State.SUCCEEDED
    assert run_in_process(start_run(mirror=mirror, user=None, enqueue=False)).state == State.FAILED
    assert len(archive_images(mirror)) == 1


def test_only_selected_platforms_are_pulled(
    repository, registry, own_registry, make_mirror, pull_to_local
):
    mirror = make_mirror(
        repository, target=own_registry, platforms=["linux/amd64"], selection={"tags": ["1.0"]}
    )
    pull_to_local(mirror)
    (image,) = archive_images(mirror)
    assert [entry["platform"] for entry in image.platforms] == ["linux/amd64"]
    assert outcome(pull_to_local(mirror)) == {"1.0": "up_to_date done"}


def test_images_of_the_builtin_registry_are_not_pulled(
    team, registry, repository, own_registry, make_mirror, pull_to_local
):
    """Even with one selected platform: the tag is that of the built-in registry."""
    pull_to_local(
        make_mirror(repository, target=own_registry, name="first", selection={"tags": ["1.0"]})
    )
    name = Reference.parse(f"{builtin_registry_host()}/{team.slug}/app:1.0")
    image = tag_image(team=team, user=None, source=LocalImage.objects.get().reference, target=name)
    builtin, _made = Registry.objects.get_or_create(
        team=team, host=builtin_registry_host(), defaults={"name": "Built-in registry"}
    )
    endpoints = {"source_registry": builtin, "target_registry": Registry.objects.get(name="Target")}
    mirror = create_mirror(
        team=team,
        user=None,
        values={
            "name": "own",
            **endpoints,
            "repositories": [image.repository],
            "platforms": ["linux/amd64"],
        },
    )

    run = pull_to_local(mirror)

    assert run.error is None
    assert outcome(run) == {"1.0": "up_to_date done"}
    assert archive_images(mirror) == [image]
    assert find_image(team, name).digest == image.digest == registry.digest_of(repository, "1.0")


def test_another_worker_continues_after_a_killed_one(
    registry, own_registry, repository, make_mirror, manage
):
    with slow_line(registry.port) as line:
        mirror = make_mirror(repository, source=line, target=own_registry)
        line.hold("GET", r"/manifests/")
        worker = manage.start_worker("mirrors")
        run = start_local_pull(mirror=mirror, user=None)
        assert line.is_holding.wait(40)

        kill(worker)
        line.release(drop=True)
        expire_heartbeat(run)
        manage.start_worker("mirrors")
        done = ended(run)

        assert done.error is None
        assert (done.state, done.attempt) == (State.SUCCEEDED, 2)
        assert {image.tag for image in archive_images(mirror)} == {"1.0", "1.1", "nightly"}
        assert MirrorItem.objects.filter(run=run, state=ItemState.DONE).count() == 3
