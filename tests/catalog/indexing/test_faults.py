"""Killed workers, cancelled runs, failing registries: every run ends, and resumes its work."""

import json
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone

from registry_ui.accounts.models import Membership
from registry_ui.catalog.index_queue import INDEX_RUNS
from registry_ui.catalog.indexing import index_services
from registry_ui.catalog.models import Artifact, IndexRun, Tag
from registry_ui.jobs.models import State
from registry_ui.jobs.reconciler import HEARTBEAT_TIMEOUT, reconcile
from registry_ui.oci.manifest import OCI_MANIFEST
from registry_ui.web.errors import describe
from tests.parts.images import build_image
from tests.parts.processes import is_running, wait_until
from tests.parts.scripted_server import Reply, scripted_server

from .conftest import names, repository_of, tag_of

pytestmark = pytest.mark.django_db(transaction=True)


def wait_for_end(run, seconds=30):
    wait_until(
        lambda: IndexRun.objects.get(pk=run.pk).is_terminal,
        seconds=seconds,
        what="the end of the index run",
    )
    return IndexRun.objects.get(pk=run.pk)


def kill(worker):
    """Kill a worker and wait until its work horse is gone too."""
    horses = [
        int(child)
        for child in Path(f"/proc/{worker.pid}/task/{worker.pid}/children").read_text().split()
    ]
    worker.kill()
    wait_until(lambda: not any(map(is_running, horses)), what="the death of the work horse")


def expire_heartbeat(run):
    """Make the row's heartbeat older than the reconciler allows."""
    IndexRun.objects.filter(pk=run.pk).update(
        heartbeat_at=timezone.now() - HEARTBEAT_TIMEOUT - timedelta(seconds=1)
    )


# --- a worker is killed


def test_after_a_killed_worker_the_next_one_fetches_only_the_rest(
    row, line, own_registry, image_factory, manage
):
    images = [
        image_factory(own_registry, "team/app", f"1.{number}", layers=1) for number in range(8)
    ]
    image_factory(own_registry, "team/done", layers=1)
    held = images[3]
    line.hold("GET", f"/blobs/{held.config}")
    worker = manage.start_worker("index")
    run = index_services.start_index(registry=row, user=None)
    wait_until(
        lambda: Tag.objects.filter(artifact__isnull=False).count() == 8,
        seconds=30,
        what="all tags but one",
    )
    wait_until(
        lambda: repository_of(row, "team/done").indexed_by == run.pk,
        what="the end of the other repository",
    )

    kill(worker)
    line.release(drop=True)
    expire_heartbeat(run)
    sent = len(line.requests)
    manage.start_worker("index")
    assert reconcile(INDEX_RUNS).requeued == 1
    ended = wait_for_end(run)

    assert (ended.state, ended.attempt) == (State.SUCCEEDED, 2), ended.error
    again = line.requests[sent:]
    fetched = [
        path
        for method, path in again
        if method == "GET" and ("/manifests/" in path or "/blobs/" in path)
    ]
    assert fetched == [f"/v2/team/app/manifests/{held.digest}", f"/v2/team/app/blobs/{held.config}"]
    assert not any("team/done" in path for _method, path in again)
    assert tag_of(row, "team/app", "1.3").artifact.digest == held.digest
    assert (ended.progress["repositories"], ended.progress["repositories_done"]) == (2, 2)
    assert repository_of(row, "team/app").size == sum(
        len(blob) for image in images for blob in image.blobs.values()
    )


def test_a_repository_that_a_killed_worker_did_not_count_is_counted(
    row, own_registry, image_factory, index, monkeypatch
):
    image = image_factory(own_registry, "team/app")

    def die(*_arguments):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("registry_ui.catalog.indexing.indexer.save_results", die)
        with pytest.raises(KeyboardInterrupt):
            index(row)
    assert (names(row), repository_of(row, "team/app").tag_count) == (
        {"team/app:1.0": image.digest},
        0,
    )
    IndexRun.objects.update(state=State.FAILED)

    index(row)

    assert repository_of(row, "team/app").tag_count == 1


# --- a run is stopped


def test_a_cancelled_run_stops_within_two_seconds_and_keeps_what_it_found(
    row, line, own_registry, image_factory, manage, bob
):
    image_factory(own_registry, "team/app", "1.0")
    other = image_factory(own_registry, "team/app", "1.1")
    line.hold("GET", f"/blobs/{other.config}")
    manage.start_worker("index")
    run = index_services.start_index(registry=row, user=bob)
    wait_until(lambda: Tag.objects.filter(name="1.0").exists(), seconds=30)

    index_services.cancel_index(run, bob)
    wait_until(lambda: IndexRun.objects.get(pk=run.pk).is_terminal, seconds=4)

    ended = IndexRun.objects.get(pk=run.pk)
    assert (ended.state, ended.error) == (State.CANCELLED, None)
    assert tag_of(row, "team/app", "1.0").artifact is not None
    row.refresh_from_db()
    assert row.next_index_at > timezone.now() + timedelta(hours=5)


def test_a_queued_run_is_cancelled_at_once(row, bob):
    run = index_services.start_index(registry=row, user=bob)

    index_services.cancel_index(run, bob)

    assert IndexRun.objects.get(pk=run.pk).state == State.CANCELLED
    assert INDEX_RUNS.queued_ids() == set()


def test_a_run_that_another_worker_took_over_saves_no_end_state(
    row, line, own_registry, image_factory, index
):
    image = image_factory(own_registry, "team/app")
    line.hold("GET", f"/blobs/{image.config}")
    ended = []

    def run():
        try:
            ended.append(index(row))
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    assert line.is_holding.wait(20)

    IndexRun.objects.update(claim="00000000-0000-0000-0000-000000000001")
    thread.join(10)
    line.release()

    assert not thread.is_alive()
    assert ended[0].state == State.RUNNING


# --- rights


def test_a_person_without_the_role_at_the_start_indexes_nothing(
    row, line, own_registry, image_factory, bob, team
):
    image_factory(own_registry, "team/app")
    run = index_services.start_index(registry=row, user=bob, enqueue=False)
    Membership.objects.filter(user=bob).update(role="viewer")
    line.requests.clear()

    ended = index_services.run_index_inline(run)

    assert (ended.state, ended.error["kind"]) == (State.FAILED, "Denied")
    assert "bob may no longer do this" in describe(ended.error).sentence
    assert line.requests == []


# --- a registry that fails or counts


@pytest.fixture
def scripted():
    with scripted_server() as server:
        yield ScriptedIndex(server)


class ScriptedIndex:
    """A scripted registry with one repository, healthy until a test changes that."""

    def __init__(self, server):
        self.server = server
        self.host = server.host
        self.tags = {}

    def serve(self, **tags):
        self.tags |= tags
        listed = json.dumps({"tags": sorted(self.tags)}).encode()
        self.server.on("GET", "/v2/_catalog", json_reply({"repositories": ["team/app"]}))
        self.server.on(
            "GET",
            "/v2/team/app/tags/list",
            Reply(body=listed, headers={"Content-Type": "application/json"}),
        )
        for tag, image in tags.items():
            head = {"Content-Type": OCI_MANIFEST, "Docker-Content-Digest": image.digest}
            self.server.on(
                "HEAD", f"/v2/team/app/manifests/{tag}", Reply(headers=head, length=image.size)
            )
            self.server.on(
                "GET",
                f"/v2/team/app/manifests/{image.digest}",
                Reply(body=image.content, headers=head),
            )
            for digest, blob in image.blobs.items():
                self.server.on("GET", f"/v2/team/app/blobs/{digest}", Reply(body=blob))

    def count(self, limit, remaining):
        """Send the number of remaining pulls with every HEAD."""
        for tag, image in self.tags.items():
            head = {"Content-Type": OCI_MANIFEST, "Docker-Content-Digest": image.digest}
            limits = {
                "RateLimit-Limit": f"{limit};w=21600",
                "RateLimit-Remaining": f"{remaining};w=21600",
            }
            self.server.on(
                "HEAD",
                f"/v2/team/app/manifests/{tag}",
                Reply(headers=head | limits, length=image.size),
            )

    def fetched(self):
        return len(self.server.made("GET", "/v2/team/app/manifests/.*"))


def json_reply(document):
    return Reply(body=json.dumps(document).encode(), headers={"Content-Type": "application/json"})


def images(count):
    return {f"1.{number}": build_image(layers=1, layer_size=10) for number in range(count)}


def test_with_few_pulls_left_images_are_fetched_later(make_registry, scripted, index):
    registry = make_registry(host=scripted.host, security="plain_http")
    built = images(6)
    scripted.serve(**built)
    scripted.count(100, 10)

    run = index(registry)

    assert (run.state, run.progress["skipped"], scripted.fetched()) == (State.SUCCEEDED, 6, 0)
    assert names(registry) == {f"team/app:{name}": image.digest for name, image in built.items()}
    assert not Artifact.objects.exists()
    assert set(Tag.objects.values_list("problem", flat=True)) == {None}
    scripted.count(100, 90)

    run = index(registry)

    assert (run.progress["skipped"], scripted.fetched()) == (0, 6)
    tag = tag_of(registry, "team/app", "1.0")
    assert (tag.artifact.digest, tag.changed_at, tag.previous_digest) == (
        built["1.0"].digest,
        tag.built_at,
        "",
    )


def test_latest_and_the_newest_versions_are_fetched_first(make_registry, scripted, index):
    registry = make_registry(host=scripted.host, security="plain_http")
    scripted.serve(**images(5), latest=build_image(layers=1, layer_size=10))
    scripted.count(100, 53)

    run = index(registry)

    assert run.progress["skipped"] == 3
    assert set(Tag.objects.filter(artifact__isnull=False).values_list("name", flat=True)) == {
        "latest",
        "1.4",
        "1.3",
    }


def test_a_skipped_tag_is_fetched_when_it_is_opened(make_registry, scripted, index):
    registry = make_registry(host=scripted.host, security="plain_http")
    built = images(2)
    scripted.serve(**built)
    scripted.count(100, 5)
    index(registry)

    resolved = index_services.resolve_artifact(
        registry=registry, repository="team/app", identifier="1.1"
    )

    assert resolved.artifact.digest == built["1.1"].digest
    assert tag_of(registry, "team/app", "1.1").artifact == resolved.artifact
    assert repository_of(registry, "team/app").indexed_by is None


def test_a_registry_that_stops_answering_in_the_middle_ends_the_run(
    make_registry, scripted, index, hasty, monkeypatch
):
    monkeypatch.setattr("registry_ui.catalog.indexing.indexer._MAX_FAILURES", 5)
    monkeypatch.setattr("registry_ui.catalog.indexing.indexer._BATCH", 10)
    registry = make_registry(host=scripted.host, security="plain_http")
    scripted.serve(**dict.fromkeys((f"1.{number}" for number in range(200)), build_image(layers=0)))
    scripted.server.on("HEAD", "/v2/team/app/manifests/.*", Reply(500))

    run = index(registry)

    assert (run.state, run.error["kind"]) == (State.FAILED, "ServerFailed")
    assert len(scripted.server.made("HEAD")) < 200 * 3 / 2
    registry.refresh_from_db()
    assert registry.health == "failing"


def test_a_pause_that_the_registry_requests_is_in_the_progress(
    make_registry, scripted, manage, row
):
    registry = make_registry(host=scripted.host, security="plain_http")
    scripted.serve(**images(1))
    scripted.server.on(
        "GET",
        "/v2/team/app/tags/list",
        Reply(429, headers={"Retry-After": "5"}),
        json_reply({"tags": ["1.0"]}),
    )
    manage.start_worker("index")

    run = index_services.start_index(registry=registry, user=None)
    wait_until(lambda: IndexRun.objects.get(pk=run.pk).progress.get("pause"), seconds=20)
    pause = IndexRun.objects.get(pk=run.pk).progress["pause"]
    assert 0 < pause["seconds"] <= 6
    assert "asks to slow down" in describe(pause["reason"]).sentence

    ended = wait_for_end(run)
    assert (ended.state, ended.progress["pause"]) == (State.SUCCEEDED, None)


def test_a_hostile_index_without_end_is_a_problem_of_its_tag_alone(
    row, own_registry, image_factory, index, monkeypatch
):
    monkeypatch.setattr("registry_ui.catalog.indexing.manifest_collector.MEMBERS_LIMIT", 3)
    image_factory(
        own_registry,
        "team/app",
        "many",
        platforms=["linux/amd64", "linux/arm64", "linux/386", "linux/s390x"],
    )
    image_factory(own_registry, "team/app", "one")

    run = index(row)

    assert run.state == State.SUCCEEDED
    assert "names more than 3 manifests" in str(describe(tag_of(row, "team/app", "many").problem))
    assert tag_of(row, "team/app", "one").problem is None


def test_a_bug_ends_the_run_with_an_error(row, own_registry, image_factory, index, monkeypatch):
    image_factory(own_registry, "team/app")
    monkeypatch.setattr(
        "registry_ui.catalog.indexing.manifest_queue.fetch", lambda *_a, **_o: 1 / 0
    )

    run = index(row)

    assert (run.state, run.error["kind"]) == (State.FAILED, "Unexpected")
    assert str(run.pk) in describe(run.error).advice
