"""Complete runs against real registries."""

import json

import pytest
from django.core import serializers

from registry_ui.catalog.models import UNSTATED, Artifact, ArtifactChild, IndexRun, Repository, Tag
from registry_ui.jobs.models import State
from registry_ui.oci.manifest import OCI_CONFIG
from registry_ui.registries.models import Health, Listing, Registry
from registry_ui.web.errors import describe
from tests.parts.error_texts import stored_error
from tests.parts.images import OCI_MANIFEST, build_index, digest_of, push
from tests.parts.registry_rows import CANARY

from .conftest import names, repository_of, tag_of

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
    assert (row.listing, row.listing_error, row.health) == (Listing.CATALOG, None, Health.HEALTHY)
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
    assert (tag.artifact.platforms, tag.platforms, tag.problem) == ([], "", None)
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


# --- the second run


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
    assert "has no repository team/added" in str(describe(pinned.problem))
    assert (run.state, run.progress["problems"]) == (State.SUCCEEDED, 1)
    row.refresh_from_db()
    assert row.repository_count == 2


def test_a_repositorys_problem_is_cleared(row, line, own_registry, image_factory, index):
    image_factory(own_registry, "team/app")
    index(row)
    Repository.objects.update(problem=stored_error("It did not answer."))
    Tag.objects.update(problem=stored_error("It did not answer."))

    index(row)

    assert repository_of(row, "team/app").problem is None
    assert tag_of(row, "team/app", "1.0").problem is None


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
    assert "Add the repositories" in describe(registry.listing_error).advice


# --- logins


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
    assert "has no blob" in str(describe(tag.problem))
    assert tag_of(row, "team/app", "good").artifact.digest == good.digest
    assert (run.progress["tag_problems"], run.progress["problems"]) == (1, 0)


def test_an_index_that_was_copied_for_some_platforms_only_is_kept_with_those(
    row, own_registry, index
):
    built = build_index(platforms=["linux/amd64", "linux/arm64"])
    push(own_registry, built, "team/app", "1.0")
    lose_manifest(own_registry, "team/app", built.children[1].digest)

    index(row)

    tag = tag_of(row, "team/app", "1.0")
    assert (tag.platforms, tag.problem) == ("|linux/amd64|", None)
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


def test_two_repositories_with_a_damaged_image_both_have_a_problem(
    row, own_registry, image_factory, index
):
    image = image_factory(own_registry, "team/app")
    image_factory.push(own_registry, image.built, "team/other", "1.0")
    remove_blob(own_registry, image.config)

    run = index(row)

    assert (run.state, run.progress["tag_problems"]) == (State.SUCCEEDED, 2)
    assert "has no blob" in str(describe(tag_of(row, "team/app", "1.0").problem))
    assert "has no blob" in str(describe(tag_of(row, "team/other", "1.0").problem))
