"""Services of the index."""

import threading
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.utils import timezone

from registry_ui.catalog.index_queue import INDEX_RUNS
from registry_ui.catalog.indexing import index_services
from registry_ui.catalog.models import Artifact, IndexRun, Repository
from registry_ui.jobs.models import State
from registry_ui.oci.errors import (
    InvalidReference,
)
from registry_ui.oci.reference import Reference
from registry_ui.registries.models import Registry
from tests.parts.index_rows import make_image, make_repository

from .conftest import names, repository_of, tag_of

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]


# --- starting a run


def test_an_operator_starts_a_run(row, bob):
    run = index_services.start_index(registry=row, user=bob)

    assert (run.state, run.team, run.requested_by) == (State.QUEUED, row.team, "bob")
    assert INDEX_RUNS.queued_ids() == {str(run.pk)}


def test_an_active_run_is_returned_instead_of_a_second_one(row, bob, alice):
    run = index_services.start_index(registry=row, user=bob)

    assert index_services.start_index(registry=row, user=alice) == run
    one = index_services.start_index(registry=row, user=alice, repository="team/app")
    assert index_services.start_index(registry=row, user=bob, repository="team/app") == one != run
    assert IndexRun.objects.count() == 2


def test_after_a_run_has_ended_the_next_one_starts(row, bob):
    run = index_services.start_index(registry=row, user=bob)
    IndexRun.objects.update(state=State.FAILED)

    assert index_services.start_index(registry=row, user=bob) != run


def start(row, user):
    index_services.start_index(registry=row, user=user)


def cancel(row, user):
    index_services.cancel_index(index_services.start_index(registry=row, user=None), user)


def pin(row, user):
    index_services.add_repository(registry=row, user=user, name="team/app")


def unpin(row, user):
    index_services.remove_repository(repository=make_repository(row, "team/app"), user=user)


@pytest.mark.parametrize("action", [start, cancel, pin, unpin])
@pytest.mark.parametrize("person", ["victor", "charlie"])
def test_viewers_and_outsiders_may_not(row, person, action, request):
    with pytest.raises(PermissionDenied):
        action(row, request.getfixturevalue(person))


def test_a_bad_repository_name_starts_nothing(row, bob):
    with pytest.raises(InvalidReference):
        index_services.start_index(registry=row, user=bob, repository="Team/../App")
    assert not IndexRun.objects.exists()


def test_many_at_once_start_one_run(row, bob):
    runs = run_concurrently(lambda: index_services.start_index(registry=row, user=bob).pk, 6)

    assert len(set(runs)) == IndexRun.objects.count() == 1


def test_the_latest_run_is_of_the_requested_scope(row, bob):
    assert index_services.latest_run(row) is None
    full = index_services.start_index(registry=row, user=bob)
    one = index_services.start_index(registry=row, user=bob, repository="team/app")

    assert index_services.latest_run(row) == full
    assert index_services.latest_run(row, "team/app") == one
    assert index_services.latest_run(row, "team/other") is None


# --- the schedule


def due(registry):
    Registry.objects.filter(pk=registry.pk).update(
        next_index_at=timezone.now() - timedelta(minutes=1)
    )


def test_a_due_registry_is_indexed(row):
    due(row)

    assert index_services.start_due_index_runs() == 1
    run = IndexRun.objects.get()
    assert (run.registry, run.requested_by, run.repository) == (row, "", "")
    row.refresh_from_db()
    assert row.next_index_at > timezone.now() + timedelta(hours=5)
    assert index_services.start_due_index_runs() == 0


def test_two_schedulers_start_one_run(row):
    due(row)

    assert sorted(run_concurrently(index_services.start_due_index_runs, 2)) == [0, 1]
    assert IndexRun.objects.count() == 1


def test_a_registry_without_hours_is_never_due(row):
    due(row)
    Registry.objects.update(index_hours=0)

    assert index_services.start_due_index_runs() == 0
    row.refresh_from_db()
    assert row.next_index_at is None


def test_shorter_hours_take_effect_at_once(row):
    Registry.objects.update(index_hours=1, next_index_at=timezone.now() + timedelta(hours=24))

    index_services.start_due_index_runs()

    row.refresh_from_db()
    assert row.next_index_at < timezone.now() + timedelta(hours=1, minutes=1)


def test_setting_hours_schedules_the_next_run(row):
    Registry.objects.update(index_hours=2, indexed_at=timezone.now(), next_index_at=None)

    index_services.start_due_index_runs()

    row.refresh_from_db()
    assert row.next_index_at is not None


def test_docker_hub_is_not_due_before_a_repository_is_kept(team):
    assert {registry.host for registry in team.registries.all()} >= {"docker.io"}

    assert index_services.start_due_index_runs() == 0


def test_a_new_registry_and_a_new_login_are_due(team, alice):
    from registry_ui.credentials.services import add_credential
    from registry_ui.registries import services as registries

    values = {
        "name": "Ours",
        "host": "registry.example.com",
        "security": "verify",
        "ca_certificate": "",
        "token_hosts": [],
    }
    registry = registries.add_registry(
        team=team, user=alice, provider="private", values={**values, **defaults(registries, values)}
    )
    assert index_services.start_due_index_runs() == 1
    IndexRun.objects.update(state=State.SUCCEEDED)

    login = {
        "label": "ci",
        "username": "robot",
        "repository_pattern": "",
        "can_push": True,
        "expires_at": None,
    }
    add_credential(registry=registry, user=alice, values=login, secret="a secret of the tests")
    assert index_services.start_due_index_runs() == 1


def defaults(registries, values):
    row = Registry()
    return {name: getattr(row, name) for name in registries.REGISTRY_FIELDS if name not in values}


def run_concurrently(function, count):
    """Return the results of threads that start together."""
    results, barrier = [], threading.Barrier(count)

    def run():
        try:
            barrier.wait()
            results.append(function())
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return results


# --- repositories added by name


def test_a_pinned_repository_is_kept_and_indexed(row, bob):
    repository = index_services.add_repository(registry=row, user=bob, name=" team/app ")

    assert (repository.name, repository.is_added_by_name, repository.team) == (
        "team/app",
        True,
        row.team,
    )
    assert index_services.latest_run(row, "team/app").state == State.QUEUED
    row.refresh_from_db()
    assert row.next_index_at is not None


@pytest.mark.parametrize("text", ["nginx", "docker.io/nginx", "library/nginx"])
def test_a_short_name_is_completed_as_docker_does(team, bob, text):
    registry = team.registries.get(host="docker.io")

    assert (
        index_services.add_repository(registry=registry, user=bob, name=text).name
        == "library/nginx"
    )


@pytest.mark.parametrize(
    "text", ["team/app:1.0", f"team/app@sha256:{'a' * 64}", "", "Team/App", "../etc"]
)
def test_an_invalid_name_is_not_pinned(row, bob, text):
    with pytest.raises(InvalidReference):
        index_services.add_repository(registry=row, user=bob, name=text)
    assert not Repository.objects.exists()


def test_an_unpinned_repository_leaves_the_index_unless_it_is_listed_or_used(row, bob):
    gone = make_repository(row, "team/gone", is_listed=False, is_added_by_name=True)
    listed = make_repository(row, "team/listed", is_added_by_name=True)
    used = make_repository(
        row, "team/used", is_listed=False, is_added_by_name=True, used_at=timezone.now()
    )

    for repository in (gone, listed, used):
        index_services.remove_repository(repository=repository, user=bob)

    assert dict(Repository.objects.values_list("name", "is_added_by_name")) == {
        "team/listed": False,
        "team/used": False,
    }


# --- after a transfer


def test_a_pushed_image_is_indexed(row, own_registry, image_factory, team, index):
    old = image_factory(own_registry, "team/app", "1.0")
    index(row)
    new = image_factory(own_registry, "team/app", "1.0")

    index_services.record_image_use(
        team=team, reference=Reference.parse(f"{row.host}/team/app:1.0")
    )

    tag = tag_of(row, "team/app", "1.0")
    assert (tag.digest, tag.previous_digest) == (new.digest, old.digest)
    repository = repository_of(row, "team/app")
    assert repository.used_at is not None
    assert repository.size == sum(map(len, new.blobs.values()))


def test_a_use_is_recorded_while_the_registry_is_unreachable(make_registry, own_registry, team):
    registry = make_registry(own_registry, next_index_at=None)
    own_registry.stop()

    index_services.record_image_use(
        team=team, reference=Reference.parse(f"{registry.host}/team/app:1.0")
    )

    assert repository_of(registry, "team/app").used_at is not None
    registry.refresh_from_db()
    assert registry.next_index_at is not None


def test_a_use_of_an_unknown_host_is_ignored(team):
    index_services.record_image_use(
        team=team, reference=Reference.parse("registry.example.com/team/app:1.0")
    )

    assert not Repository.objects.exists()


def test_a_bug_in_the_index_does_not_fail_the_transfer(row, team, monkeypatch, caplog):
    monkeypatch.setattr(
        "registry_ui.catalog.indexing.index_services.fetch_artifact", lambda **_names: 1 / 0
    )

    index_services.record_image_use(
        team=team, reference=Reference.parse(f"{row.host}/team/app:1.0")
    )

    assert "could not be taken into the index" in caplog.text


def test_a_deleted_tag_leaves_the_index(row, team):
    image, other = make_image(row, ("a", 10)), make_image(row, ("b", 20))
    make_repository(row, "team/app", {"1.0": image, "1.1": other})

    index_services.unindex_tag(team=team, reference=Reference.parse(f"{row.host}/team/app:1.0"))

    assert names(row) == {"team/app:1.1": other.digest}
    repository = repository_of(row, "team/app")
    assert (repository.tag_count, repository.size) == (1, other.size)


def test_another_teams_registry_of_the_same_host_is_left_alone(
    row, team, other_team, make_registry
):
    other_row = make_registry(host=row.host, team=other_team)
    make_repository(other_row, "team/app", {"1.0": make_image(other_row, ("a", 10))})

    index_services.unindex_tag(team=team, reference=Reference.parse(f"{row.host}/team/app:1.0"))
    index_services.record_image_use(
        team=team, reference=Reference.parse(f"{row.host}/team/app:1.0")
    )

    assert set(names(other_row)) == {"team/app:1.0"}
    assert Repository.objects.get(registry=other_row).used_at is None
    assert not Artifact.objects.filter(registry=row).exists()
