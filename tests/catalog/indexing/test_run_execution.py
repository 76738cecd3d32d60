"""Complete runs against real registries."""

import json

import pytest
from django.core import serializers

from registry_ui.catalog.models import UNSTATED, Artifact, ArtifactChild, IndexRun, Repository, Tag
from registry_ui.jobs.models import State
from registry_ui.oci.manifest import OCI_CONFIG
from registry_ui.registries.models import Health, Listing, Registry
from tests.parts.images import OCI_MANIFEST, build_index, digest_of, push
from tests.parts.registry_rows import CANARY

from .conftest import names, repository_of, tag_of, write_repository

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]


# --- the first run


def test_a_cold_index_holds_every_repository_tag_and_image(row, own_registry, image_factory, index):
    first = image_factory(own_registry, "team/app", "1.0")
    second = image_factory(own_registry, "team/app", "1.1", layers=3)
    other = image_factory(own_registry, "tools/lint", "latest")

    run = index(row)

    assert (run.state, run.error) == (State.SUCCEEDED, None)
    assert names(row) == {
        "team/app:1.0": first.digest,
        "team/app:1.1": second.digest,
        "tools/lint:latest": other.digest,
    }
    tag = tag_of(row, "team/app", "1.1")
    assert tag.artifact.size == tag.size == sum(map(len, second.blobs.values()))
    assert (tag.artifact.layer_count, tag.platforms) == (3, "|linux/amd64|")
    assert tag.built_at == tag.changed_at == tag.artifact.built_at != UNSTATED
    assert tag.artifact.document.manifest == second.built.content
    assert tag.artifact.document.config == second.blobs[second.config]
    assert set(tag.artifact.blobs.values_list("digest", flat=True)) == set(second.blobs)


def test_the_rows_of_registry_repository_and_run_have_the_counts(
    row, own_registry, image_factory, index
):
    image = image_factory(own_registry, "team/app", "1.0")

    run = index(row)

    row.refresh_from_db()
    assert (row.repository_count, row.tag_count, row.size) == (
        1,
        1,
        sum(map(len, image.blobs.values())),
    )
    assert (row.listing, row.listing_message, row.health) == (Listing.CATALOG, "", Health.HEALTHY)
    assert row.indexed_at < row.next_index_at
    repository = repository_of(row, "team/app")
    assert (repository.is_listed, repository.tag_count, repository.indexed_by) == (True, 1, run.pk)
    counted = {
        name: run.progress[name]
        for name in (
            "repositories",
            "repositories_done",
            "tags",
            "tags_done",
            "fetched",
            "problems",
        )
    }
    assert counted == {
        "repositories": 1,
        "repositories_done": 1,
        "tags": 1,
        "tags_done": 1,
        "fetched": 1,
        "problems": 0,
    }
    assert run.progress["requests"] > 3


def test_an_index_names_its_platforms_and_keeps_its_attestations_as_children(
    row, own_registry, index
):
    built = build_index(platforms=["linux/amd64", "linux/arm64/v8"], attestation=True)
    push(own_registry, built, "team/multi", "1.0")

    index(row)

    tag = tag_of(row, "team/multi", "1.0")
    assert tag.platforms == "|linux/amd64|linux/arm64/v8|"
    assert [entry["digest"] for entry in tag.artifact.platforms] == [
        child.digest for child in built.children[:2]
    ]
    assert tag.artifact.size == sum(map(len, built.blobs.values()))
    links = ArtifactChild.objects.filter(parent=tag.artifact)
    assert [(link.child.digest, link.platform) for link in links.select_related("child")] == [
        (child.digest, platform)
        for child, platform in zip(
            built.children,
            ["linux/amd64", "linux/arm64/v8", "unknown/unknown", "unknown/unknown"],
            strict=True,
        )
    ]
    assert tag.artifact.is_index
    assert Artifact.objects.get(digest=built.children[2].digest).platforms == []


def test_an_artifact_that_is_no_image_is_indexed_with_its_type(row, own_registry, index):
    chart = b"a chart"
    config = json.dumps({"name": "app", "version": "1.2.3"}).encode()
    manifest = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": {
            "mediaType": "application/vnd.cncf.helm.config.v1+json",
            "digest": digest_of(config),
            "size": len(config),
        },
        "layers": [
            {
                "mediaType": "application/vnd.cncf.helm.chart.content.v1.tar+gzip",
                "digest": digest_of(chart),
                "size": len(chart),
            }
        ],
        "annotations": {"org.opencontainers.image.created": "2026-02-01T00:00:00Z"},
    }
    put(own_registry, "charts/app", manifest, "1.2.3", config, chart)

    index(row)

    tag = tag_of(row, "charts/app", "1.2.3")
    assert tag.artifact.artifact_type == "application/vnd.cncf.helm.config.v1+json"
    assert (tag.artifact.platforms, tag.platforms, tag.problem) == ([], "", "")
    assert tag.artifact.document.config == config
    assert tag.built_at.isoformat() == "2026-02-01T00:00:00+00:00"


def test_hostile_texts_of_a_manifest_fit_into_the_rows(row, own_registry, index):
    config = json.dumps(
        {
            "os": "linux\x00" * 50,
            "architecture": "<b>" * 100,
            "created": "9999-12-31T23:59:59Z",
            "config": 7,
        }
    ).encode()
    layer = {"mediaType": "\x00" * 10 + "x" * 300, "digest": digest_of(b"layer"), "size": 5}
    manifest = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "artifactType": "a\x00\u202e" + "b" * 400,
        "config": {"mediaType": OCI_CONFIG, "digest": digest_of(config), "size": len(config)},
        "layers": [layer],
    }
    put(own_registry, "team/hostile", manifest, "1.0", config, b"layer")

    run = index(row)

    assert (run.state, run.progress["tag_problems"]) == (State.SUCCEEDED, 0)
    artifact = tag_of(row, "team/hostile", "1.0").artifact
    assert artifact.artifact_type == "a" + "b" * 254
    assert all(
        len(entry["platform"]) <= 130 and "\x00" not in entry["platform"]
        for entry in artifact.platforms
    )
    assert artifact.built_at == UNSTATED


def put(registry, repository, manifest, tag, *blobs):
    from tests.parts.images import BuiltManifest

    built = BuiltManifest(
        json.dumps(manifest).encode(),
        manifest["mediaType"],
        blobs={digest_of(blob): blob for blob in blobs},
    )
    return push(registry, built, repository, tag)


def test_a_digest_is_fetched_once_however_many_tags_and_indexes_name_it(
    row, line, own_registry, index
):
    built = build_index(platforms=["linux/amd64", "linux/arm64"])
    for tag in ("1", "1.0", "latest"):
        push(own_registry, built, "team/app", tag)
    push(own_registry, built.children[0], "team/app", "amd64")

    index(row)

    for digest in (built.digest, *(child.digest for child in built.children)):
        assert line.count("GET", f"/manifests/{digest}") == 1
    assert line.count("GET", "/blobs/") == 2
    assert Tag.objects.filter(artifact__digest=built.digest).count() == 3


# --- the second run


def test_an_unchanged_second_run_makes_one_head_a_tag_and_fetches_nothing(
    row, line, own_registry, image_factory, index
):
    image = image_factory(own_registry, "team/app", "1.0", platforms=["linux/amd64", "linux/arm64"])
    for number in range(30):
        push(own_registry, image.built, "team/app", f"1.{number}")
    index(row)
    before = list(Tag.objects.order_by("pk").values("pk", "digest", "changed_at", "artifact_id"))
    line.requests.clear()

    run = index(row)

    assert (
        line.count("HEAD", "/manifests/"),
        line.count("GET", "/manifests/"),
        line.count("GET", "/blobs/"),
    ) == (30, 0, 0)
    assert run.progress["fetched"] == 0
    assert (
        list(Tag.objects.order_by("pk").values("pk", "digest", "changed_at", "artifact_id"))
        == before
    )
    assert Tag.objects.filter(checked_at__gt=run.started_at).count() == 30


def test_a_moved_tag_keeps_its_previous_digest(row, own_registry, image_factory, index):
    old = image_factory(own_registry, "team/app", "latest")
    kept = image_factory(own_registry, "team/app", "1.0")
    index(row)
    new = image_factory(own_registry, "team/app", "latest")

    run = index(row)

    moved, still = tag_of(row, "team/app", "latest"), tag_of(row, "team/app", "1.0")
    assert (moved.digest, moved.previous_digest, moved.artifact.digest) == (
        new.digest,
        old.digest,
        new.digest,
    )
    assert moved.changed_at > run.started_at
    assert (still.digest, still.previous_digest, still.changed_at) == (
        kept.digest,
        "",
        still.built_at,
    )
    assert run.progress["fetched"] == 1
    assert repository_of(row, "team/app").changed_at == moved.changed_at


def test_a_deleted_tag_leaves_the_index(row, own_registry, image_factory, index):
    gone = image_factory(own_registry, "team/app", "1.0")
    image_factory(own_registry, "team/app", "1.1")
    index(row)
    delete(own_registry, gone)

    index(row)

    assert set(names(row)) == {"team/app:1.1"}
    assert repository_of(row, "team/app").tag_count == 1


def test_a_missing_repository_leaves_the_index_unless_it_is_kept(
    row, own_registry, image_factory, index, bob
):
    for repository in ("team/gone", "team/added", "team/listed"):
        image_factory(own_registry, repository)
    index(row)
    Repository.objects.filter(name="team/added").update(is_added_by_name=True)
    for repository in ("team/gone", "team/added"):
        forget_repository(own_registry, repository)

    run = index(row)

    assert set(Repository.objects.values_list("name", flat=True)) == {"team/added", "team/listed"}
    pinned = repository_of(row, "team/added")
    assert not pinned.is_listed
    assert "has no repository team/added" in pinned.problem
    assert (run.state, run.progress["problems"]) == (State.SUCCEEDED, 1)
    row.refresh_from_db()
    assert row.repository_count == 2


def test_a_repositorys_problem_is_cleared(row, line, own_registry, image_factory, index):
    image_factory(own_registry, "team/app")
    index(row)
    Repository.objects.update(problem="It did not answer.")
    Tag.objects.update(problem="It did not answer.")

    index(row)

    assert (repository_of(row, "team/app").problem, tag_of(row, "team/app", "1.0").problem) == (
        "",
        "",
    )


# --- one repository, or no list


def test_a_run_for_one_repository_indexes_no_other(row, line, own_registry, image_factory, index):
    image_factory(own_registry, "team/app")
    image_factory(own_registry, "team/other")

    run = index(row, "team/app")

    assert run.state == State.SUCCEEDED
    assert set(names(row)) == {"team/app:1.0"}
    assert line.count("GET", "_catalog|team/other") == 0
    row.refresh_from_db()
    assert row.indexed_at is None


def test_a_run_for_a_missing_repository_fails_and_leaves_no_row(row, own_registry, index):
    run = index(row, "team/nothing")

    assert (run.state, run.error["kind"]) == (State.FAILED, "RepositoryUnknown")
    assert not Repository.objects.exists()


def test_without_a_list_pinned_and_used_repositories_are_indexed(
    make_registry, own_registry, image_factory, index, bob
):
    registry = make_registry(own_registry, provider="ghcr")
    for name, columns in {
        "team/added": {"is_added_by_name": True},
        "team/used": {"used_at": bob.date_joined},
        "team/opened": {},
    }.items():
        image_factory(own_registry, name)
        Repository.objects.create(registry=registry, team=registry.team, name=name, **columns)

    run = index(registry)

    assert run.state == State.SUCCEEDED
    assert set(names(registry)) == {"team/added:1.0", "team/used:1.0"}
    assert not Repository.objects.filter(name="team/opened").exists()
    registry.refresh_from_db()
    assert registry.listing == Listing.NONE
    assert "Add the repositories" in registry.listing_message


# --- logins


def test_a_registry_with_basic_login_is_indexed(
    make_registry, make_credential, htpasswd_registry, image_factory, index
):
    image = image_factory(htpasswd_registry)
    registry = make_registry(htpasswd_registry)
    make_credential(registry, htpasswd_registry.username, htpasswd_registry.password)

    run = index(registry)

    assert run.state == State.SUCCEEDED
    assert names(registry)[f"{image.repository}:1.0"] == image.digest


def test_a_registry_with_token_login_is_indexed(
    make_registry, make_credential, token_registry, image_factory, index
):
    image = image_factory(token_registry)
    registry = make_registry(token_registry)
    make_credential(registry, token_registry.username, token_registry.password)

    run = index(registry)

    assert run.state == State.SUCCEEDED
    assert names(registry)[f"{image.repository}:1.0"] == image.digest


def test_each_repository_is_read_with_the_credential_that_serves_it(
    make_registry, make_credential, token_registry, image_factory, index
):
    image = image_factory(token_registry)
    registry = make_registry(token_registry)
    make_credential(registry, token_registry.username, token_registry.password)
    make_credential(
        registry,
        token_registry.reader_username,
        token_registry.reader_password,
        repository_pattern=image.repository,
        can_push=False,
    )
    token_registry.token_server.requests.clear()

    index(registry)

    asked = [
        request
        for request in token_registry.token_server.requests
        if image.repository in str(request)
    ]
    assert asked
    assert all("account=reader" in str(request) or "'reader'" in str(request) for request in asked)


def test_a_registry_that_requires_a_login_fails_with_advice(
    make_registry, htpasswd_registry, index
):
    registry = make_registry(htpasswd_registry)
    Repository.objects.create(
        registry=registry, team=registry.team, name="team/app", is_added_by_name=True
    )

    run = index(registry)

    assert (run.state, run.error["kind"]) == (State.FAILED, "Unauthorized")
    assert "Add a credential" in run.error["advice"]
    registry.refresh_from_db()
    assert registry.indexed_at is None
    assert registry.next_index_at is not None


def test_no_secret_gets_into_rows_and_logs(
    make_registry, make_credential, htpasswd_registry, index, caplog
):
    registry = make_registry(htpasswd_registry)
    make_credential(registry, "robot", CANARY)
    caplog.set_level("DEBUG")

    run = index(registry)

    assert run.state == State.FAILED
    rows = [*IndexRun.objects.all(), *Registry.objects.all(), *Repository.objects.all()]
    assert CANARY not in serializers.serialize("json", rows) + caplog.text


# --- what is broken


def test_one_broken_tag_does_not_stop_the_others(row, own_registry, image_factory, index):
    good = image_factory(own_registry, "team/app", "good")
    broken = image_factory(own_registry, "team/app", "broken")
    remove_blob(own_registry, broken.config)

    run = index(row)

    assert run.state == State.SUCCEEDED
    tag = tag_of(row, "team/app", "broken")
    assert (tag.digest, tag.artifact) == (broken.digest, None)
    assert "has no blob" in tag.problem
    assert tag_of(row, "team/app", "good").artifact.digest == good.digest
    assert (run.progress["tag_problems"], run.progress["problems"]) == (1, 0)


def test_a_tag_without_a_manifest_has_a_problem(row, own_registry, image_factory, index):
    image = image_factory(own_registry, "team/app", "good")
    write_repository(own_registry, "team/app", "team/app", {"lost": f"sha256:{'0' * 64}"})

    run = index(row)

    lost = tag_of(row, "team/app", "lost")
    assert "has no manifest for it" in lost.problem
    assert (lost.digest, lost.checked_at) == ("", None)
    assert tag_of(row, "team/app", "good").digest == image.digest
    assert run.progress["tag_problems"] == 1


def test_an_index_that_was_copied_for_some_platforms_only_is_kept_with_those(
    row, own_registry, index
):
    built = build_index(platforms=["linux/amd64", "linux/arm64"])
    push(own_registry, built, "team/app", "1.0")
    lose_manifest(own_registry, "team/app", built.children[1].digest)

    index(row)

    tag = tag_of(row, "team/app", "1.0")
    assert (tag.platforms, tag.problem) == ("|linux/amd64|", "")
    assert tag.artifact.document.manifest == built.content
    assert tag.artifact.children.count() == 1


def test_an_unreachable_registry_is_marked_and_retried_soon(
    make_registry, own_registry, index, hasty
):
    registry = make_registry(own_registry, index_hours=24)
    own_registry.stop()

    run = index(registry)

    assert (run.state, run.error["kind"]) == (State.FAILED, "ConnectionFailed")
    registry.refresh_from_db()
    assert registry.health == Health.FAILING
    assert (registry.next_index_at - run.finished_at).total_seconds() < 3700


def delete(registry, image):
    with registry.session() as session:
        session.delete(
            f"{registry.url}/v2/{image.repository}/manifests/{image.digest}", timeout=30
        ).raise_for_status()


def forget_repository(registry, name):
    """Delete a repository from the registry's disk."""
    import shutil

    shutil.rmtree(registry.folder / "storage/docker/registry/v2/repositories" / name)


def remove_blob(registry, digest):
    algorithm, _colon, encoded = digest.partition(":")
    (
        registry.folder
        / "storage/docker/registry/v2/blobs"
        / algorithm
        / encoded[:2]
        / encoded
        / "data"
    ).unlink()


def lose_manifest(registry, repository, digest):
    algorithm, _colon, encoded = digest.partition(":")
    folder = registry.folder / "storage/docker/registry/v2/repositories" / repository
    (folder / "_manifests/revisions" / algorithm / encoded / "link").unlink()


def test_a_refused_manifest_is_fetched_from_another_repository(
    make_registry, make_credential, token_registry, image_factory, index
):
    server = token_registry.token_server
    image = image_factory(token_registry, token_registry.new_repository("closed"))
    opened = image_factory.push(
        token_registry, image.built, token_registry.new_repository("open"), "1.0"
    )
    server.users["narrow"] = type(server.users["reader"])("narrow-password", {"open/*": {"pull"}})
    registry = make_registry(token_registry)
    make_credential(registry, "narrow", "narrow-password")
    for reference in (image, opened):
        Repository.objects.create(
            registry=registry, team=registry.team, name=reference.repository, is_added_by_name=True
        )

    run = index(registry)

    assert run.state == State.SUCCEEDED
    assert tag_of(registry, opened.repository, "1.0").artifact.digest == image.digest
    assert repository_of(registry, image.repository).problem != ""
    del server.users["narrow"]


def test_two_repositories_with_a_damaged_image_both_have_a_problem(
    row, own_registry, image_factory, index
):
    image = image_factory(own_registry, "team/app")
    image_factory.push(own_registry, image.built, "team/other", "1.0")
    remove_blob(own_registry, image.config)

    run = index(row)

    assert (run.state, run.progress["tag_problems"]) == (State.SUCCEEDED, 2)
    assert "has no blob" in tag_of(row, "team/app", "1.0").problem
    assert "has no blob" in tag_of(row, "team/other", "1.0").problem
