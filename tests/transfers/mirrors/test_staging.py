"""What a rule between registries selects, brought here to be exported: its target is neither asked nor changed."""

import json
import shutil

import pytest
from django.core.management import CommandError, call_command

from registry_ui.accounts.models import Action, AuditEvent, Membership
from registry_ui.images.models import LocalImage
from registry_ui.images.services import find_image, tag_image
from registry_ui.oci.errors import InvalidReference, ManifestUnknown
from registry_ui.oci.reference import Reference
from registry_ui.registries.models import Credential, Registry
from registry_ui.registries.this_server import this_host
from tests.parts.slow_line import slow_line
from transfers.dependents import MirrorDependents
from transfers.mirrors.exporting import images_of, standing_of
from transfers.mirrors.services import (
    MirrorBusy,
    create_mirror,
    retry_failed,
    run_here,
    start_plan,
    start_run,
    start_staging,
)
from transfers.models import Existing, ItemState, Mirror, MirrorItem, Notice, State

from ..faulty import kill
from .outcomes import outcome
from .test_faults import ended, let_the_worker_be_missed

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def repository(registry, image_factory) -> str:
    """One with an image of two platforms, one of one, and one that the rule leaves out."""
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


def asked(own_registry) -> list[str]:
    return [line for line in own_registry.log.splitlines() if "/v2/" in line]


def kept(mirror) -> tuple[object, ...]:
    """What only a mirroring changes."""
    row = Mirror.objects.get(pk=mirror.pk)
    pairs = list(row.pairs.order_by("pk").values())
    return row.last_run_id, row.last_state, row.last_success_at, row.next_run_at, pairs


def test_the_selection_comes_here_under_its_name_at_the_source_and_the_target_is_never_asked(
    mirror, repository, registry, own_registry, bring_here
):
    before, log = kept(mirror), asked(own_registry)

    run = bring_here(mirror)

    assert run.error is None
    assert (run.state, outcome(run)) == (State.SUCCEEDED, {"1.0": "new done", "1.1": "new done"})
    assert set(run.items.values_list("verified", flat=True)) == {"equal"}
    assert {str(image.reference): image.digest for image in images_of(mirror)} == {
        f"{registry.host}/{repository}:{tag}": registry.digest_of(repository, tag)
        for tag in ("1.0", "1.1")
    }
    assert asked(own_registry) == log
    assert kept(mirror) == before
    assert not Notice.objects.exists()
    trail = list(
        AuditEvent.objects.filter(action__startswith="mirror.stag")
        .order_by("at")
        .values_list("action", flat=True)
    )
    assert trail == [Action.MIRROR_STAGING, Action.MIRROR_STAGED]


def test_it_comes_with_the_target_down_and_again_moves_nothing(
    mirror, repository, registry, own_registry, image_factory, bring_here
):
    own_registry.stop()
    bring_here(mirror)
    again = bring_here(mirror)
    assert outcome(again) == {"1.0": "same done", "1.1": "same done"}
    assert again.bytes_done == 0

    image_factory(registry, repository, "1.1", layer_size=2000)
    changed = bring_here(mirror)

    assert outcome(changed) == {"1.0": "same done", "1.1": "changed done"}
    assert {image.tag: image.digest for image in images_of(mirror)}["1.1"] == registry.digest_of(
        repository, "1.1"
    )


def test_after_a_run_of_the_rule_its_drift_and_success_stay_as_they_are(
    mirror, run_mirror, bring_here, image_factory, registry, repository
):
    run_mirror(mirror)
    image_factory(registry, repository, "1.2", layer_size=2000)
    before = kept(mirror)
    run = bring_here(mirror)
    assert run.totals["new"] == 3
    assert kept(mirror) == before
    # A later run of one tag is laid over the latest look at the target, and not over what was brought here.
    run_mirror(mirror, only=[{"repository": repository, "tag": "1.2"}])
    assert mirror.pairs.get().counts() == {
        "same": 3,
        "missing": 0,
        "differing": 0,
        "extra": 0,
        "failed": 0,
        "mismatched": 0,
    }


def test_nothing_here_is_deleted_or_kept_back_by_what_the_rule_says_of_its_target(
    repository, registry, own_registry, image_factory, make_mirror, bring_here
):
    rule = make_mirror(repository, target=own_registry, delete_extras=True, existing=Existing.KEEP)
    bring_here(rule)
    LocalImage.objects.filter(tag="1.0").update(tag="gone-from-the-source")
    image_factory(registry, repository, "1.1", layer_size=2000)

    run = bring_here(rule)

    assert outcome(run) == {"1.0": "new done", "1.1": "changed done", "nightly": "same done"}
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
    for image in images_of(mirror):
        ids = {entry["platform"]: entry["image_id"] for entry in image.platforms}
        assert docker_engine.image_id(str(image.reference)) == ids["linux/amd64"]


def test_the_command_brings_what_is_missing_and_writes_only_what_is_whole(
    mirror, repository, registry, own_registry, image_factory, tmp_path, capsys
):
    own_registry.stop()
    path = tmp_path / "base.tar"
    call_command("export_images", "--mirror", "base", "-o", str(path))
    assert "2 new" in capsys.readouterr().err
    assert (tmp_path / "base.tar.sha256").exists()

    bad = image_factory(registry, repository, "1.2", layer_size=2000)
    mend = registry.corrupt_blob(bad.layers[0])
    with pytest.raises(SystemExit) as ending:
        call_command("export_images", "--mirror", "base", "-o", str(tmp_path / "half.tar"))
    assert ending.value.code == 1
    assert "1 tag failed" in capsys.readouterr().err
    assert not (tmp_path / "half.tar").exists()

    mend()
    call_command("export_images", "--mirror", "base", "-o", str(tmp_path / "whole.tar"))
    assert sorted(image.tag for image in images_of(mirror)) == ["1.0", "1.1", "1.2"]


def test_the_command_does_not_begin_while_the_rule_runs(mirror, tmp_path):
    start_run(mirror=mirror, user=None, enqueue=False)
    with pytest.raises(CommandError, match="runs already"):
        call_command("export_images", "--mirror", "base", "-o", str(tmp_path / "base.tar"))


def test_a_part_is_no_archive_until_a_retry_has_brought_the_rest(
    mirror, repository, registry, image_factory, bring_here, bob
):
    bad = image_factory(registry, repository, "1.2", layer_size=2000)
    mend = registry.corrupt_blob(bad.layers[0])
    failed = bring_here(mirror)
    assert (failed.state, failed.error["kind"]) == (State.FAILED, "ItemsFailed")
    with pytest.raises(InvalidReference, match="have not been brought here yet"):
        images_of(mirror)
    assert standing_of(mirror).unfinished == failed
    assert AuditEvent.objects.filter(action=Action.MIRROR_STAGING_FAILED).count() == 1

    mend()
    again = run_here(retry_failed(run=failed, user=bob, enqueue=False))

    assert (again.is_staging, again.retry_of, again.trigger) == (True, failed, "retry")
    assert outcome(again) == {"1.0": "same done", "1.1": "same done", "1.2": "new done"}
    assert len(images_of(mirror)) == 3
    assert standing_of(mirror).unfinished is None


def test_what_was_brought_before_a_failure_can_be_exported_while_it_is_here_as_it_was(
    mirror, repository, registry, image_factory, bring_here
):
    bring_here(mirror)
    bad = image_factory(registry, repository, "1.2", layer_size=2000)
    mend = registry.corrupt_blob(bad.layers[0])
    bring_here(mirror)
    assert sorted(image.tag for image in images_of(mirror)) == ["1.0", "1.1"]

    image_factory(registry, repository, "1.1", layer_size=2000)
    bring_here(mirror)
    with pytest.raises(ManifestUnknown, match=r":1\.1 is another image here by now"):
        images_of(mirror)
    mend()
    bring_here(mirror)
    LocalImage.objects.filter(tag="1.0").delete()
    with pytest.raises(ManifestUnknown, match=r":1\.0 is not here any more"):
        images_of(mirror)


def test_a_rule_runs_or_is_brought_here_but_never_both_at_a_time(mirror, bob):
    staging = start_staging(mirror=mirror, user=bob, enqueue=False)
    for begin in (start_run, start_staging):
        with pytest.raises(MirrorBusy):
            begin(mirror=mirror, user=bob, enqueue=False)
    start_plan(mirror=mirror, user=bob, enqueue=False)
    run_here(staging)
    start_run(mirror=mirror, user=bob, enqueue=False)
    with pytest.raises(MirrorBusy):
        start_staging(mirror=mirror, user=bob, enqueue=False)


def test_a_rule_into_the_local_images_is_run_instead(mirror):
    Mirror.objects.filter(pk=mirror.pk).update(target_registry=None)
    mirror.refresh_from_db()
    with pytest.raises(InvalidReference, match="keeps its images here anyway"):
        start_staging(mirror=mirror, user=None)


def test_rights_are_looked_up_again_in_the_worker(mirror, bob):
    run = start_staging(mirror=mirror, user=bob, enqueue=False)
    Membership.objects.filter(user=bob).delete()
    done = run_here(run)
    assert (done.state, done.error["kind"]) == (State.FAILED, "Denied")
    assert not LocalImage.objects.exists()


def test_it_needs_the_sources_credential_and_none_of_the_targets(
    team, htpasswd_registry, own_registry, image_factory, make_mirror, bring_here
):
    repository = htpasswd_registry.new_repository()
    image_factory(htpasswd_registry, repository, "1.0", layer_size=2000)
    rule = make_mirror(repository, source=htpasswd_registry, target=own_registry)
    refused = bring_here(rule)
    assert refused.state == State.FAILED

    credential = Credential(
        team=team,
        registry=rule.source_registry,
        label="Reader",
        username=htpasswd_registry.username,
    )
    credential.set_secret(htpasswd_registry.password)
    credential.save()
    # The target's was chosen and is gone: a run fails, and this needs it not.
    Mirror.objects.filter(pk=rule.pk).update(
        source_credential=credential, needs_source_credential=True, needs_target_credential=True
    )
    rule.refresh_from_db()
    assert bring_here(rule).state == State.SUCCEEDED
    assert run_here(start_run(mirror=rule, user=None, enqueue=False)).state == State.FAILED
    assert len(images_of(rule)) == 1


def test_taking_the_targets_credential_back_stops_it_not_and_the_sources_does(mirror, team, alice):
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
    run = start_staging(mirror=mirror, user=None, enqueue=False)
    assert MirrorDependents().stop(credentials[1], None, by=alice) == 0
    assert MirrorDependents().stop(credentials[0], None, by=alice) == 1
    run.refresh_from_db()
    assert run.state == State.CANCELLED


def test_chosen_platforms_come_alone(repository, registry, own_registry, make_mirror, bring_here):
    rule = make_mirror(
        repository, target=own_registry, platforms=["linux/amd64"], selection={"tags": ["1.0"]}
    )
    bring_here(rule)
    (image,) = images_of(rule)
    assert [entry["platform"] for entry in image.platforms] == ["linux/amd64"]
    assert outcome(bring_here(rule)) == {"1.0": "same done"}


def test_images_of_this_server_are_here_already_and_stay_as_they_are(
    team, registry, repository, own_registry, make_mirror, bring_here
):
    """Even where the rule takes one platform of them: the name is this server's own."""
    bring_here(
        make_mirror(repository, target=own_registry, name="first", selection={"tags": ["1.0"]})
    )
    name = Reference.parse(f"{this_host()}/{team.slug}/app:1.0")
    image = tag_image(team=team, user=None, source=LocalImage.objects.get().reference, target=name)
    here, _made = Registry.objects.get_or_create(
        team=team, host=this_host(), defaults={"name": "This server"}
    )
    ends = {"source_registry": here, "target_registry": Registry.objects.get(name="Target")}
    rule = create_mirror(
        team=team,
        user=None,
        values={
            "name": "own",
            **ends,
            "repositories": [image.repository],
            "platforms": ["linux/amd64"],
        },
    )

    run = bring_here(rule)

    assert run.error is None
    assert outcome(run) == {"1.0": "same done"}
    assert images_of(rule) == [image]
    assert find_image(team, name).digest == image.digest == registry.digest_of(repository, "1.0")


def test_killed_worker_is_replaced_by_one_that_goes_on(
    registry, own_registry, repository, make_mirror, manage
):
    with slow_line(registry.port) as line:
        rule = make_mirror(repository, source=line, target=own_registry)
        line.hold("GET", r"/manifests/")
        worker = manage.start_worker("mirrors")
        run = start_staging(mirror=rule, user=None)
        assert line.is_holding.wait(40)

        kill(worker)
        line.release(drop=True)
        let_the_worker_be_missed(run)
        manage.start_worker("mirrors")
        done = ended(run)

        assert done.error is None
        assert (done.state, done.attempt) == (State.SUCCEEDED, 2)
        assert {image.tag for image in images_of(rule)} == {"1.0", "1.1", "nightly"}
        assert MirrorItem.objects.filter(run=run, state=ItemState.DONE).count() == 3
