"""The verbs of the index."""

import threading
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.utils import timezone

from registry_ui.jobs.models import State
from registry_ui.oci.digest import Digest
from registry_ui.oci.errors import (
    ConnectionFailed,
    InvalidReference,
    ManifestUnknown,
    RepositoryUnknown,
)
from registry_ui.oci.reference import Reference
from registry_ui.registries.indexing import services
from registry_ui.registries.models import Artifact, IndexRun, Registry, Repository, Tag
from registry_ui.registries.queueing import INDEX_RUNS
from tests.parts.images import build_index, push
from tests.parts.index_rows import make_image, make_repository

from .conftest import names, repository_of, tag_of

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]


# --- starting, and by whom


def test_an_operator_starts_a_run_that_the_index_workers_get(row, bob):
    run = services.start_index(registry=row, user=bob)

    assert (run.state, run.team, run.requested_by) == (State.QUEUED, row.team, "bob")
    assert INDEX_RUNS.waiting_ids() == {str(run.pk)}


def test_while_a_run_goes_on_no_other_of_the_same_scope_is_started(row, bob, alice):
    run = services.start_index(registry=row, user=bob)

    assert services.start_index(registry=row, user=alice) == run
    one = services.start_index(registry=row, user=alice, repository="team/app")
    assert services.start_index(registry=row, user=bob, repository="team/app") == one != run
    assert IndexRun.objects.count() == 2


def test_after_a_run_has_ended_the_next_one_starts(row, bob):
    run = services.start_index(registry=row, user=bob)
    IndexRun.objects.update(state=State.FAILED)

    assert services.start_index(registry=row, user=bob) != run


@pytest.mark.parametrize("act", [
    lambda row, user: services.start_index(registry=row, user=user),
    lambda row, user: services.cancel_index(services.start_index(registry=row, user=None), user),
    lambda row, user: services.pin_repository(registry=row, user=user, name="team/app"),
    lambda row, user: services.unpin_repository(repository=make_repository(row, "team/app"), user=user),
])  # fmt: skip
@pytest.mark.parametrize("person", ["victor", "charlie"])
def test_viewers_and_outsiders_may_not(row, person, act, request):
    with pytest.raises(PermissionDenied):
        act(row, request.getfixturevalue(person))


def test_a_bad_repository_name_starts_nothing(row, bob):
    with pytest.raises(InvalidReference):
        services.start_index(registry=row, user=bob, repository="Team/../App")
    assert not IndexRun.objects.exists()


def test_many_at_once_start_one_run(row, bob):
    runs = at_once(lambda: services.start_index(registry=row, user=bob).pk, 6)

    assert len(set(runs)) == IndexRun.objects.count() == 1


def test_the_latest_run_is_of_the_scope_that_was_asked_for(row, bob):
    assert services.latest_run(row) is None
    whole = services.start_index(registry=row, user=bob)
    one = services.start_index(registry=row, user=bob, repository="team/app")

    assert services.latest_run(row) == whole
    assert services.latest_run(row, "team/app") == one
    assert services.latest_run(row, "team/other") is None


# --- when it is due


def due(registry):
    Registry.objects.filter(pk=registry.pk).update(
        next_index_at=timezone.now() - timedelta(minutes=1)
    )


def test_a_registry_whose_time_has_come_is_looked_at(row):
    due(row)

    assert services.start_due() == 1
    run = IndexRun.objects.get()
    assert (run.registry, run.requested_by, run.repository) == (row, "", "")
    row.refresh_from_db()
    assert row.next_index_at > timezone.now() + timedelta(hours=5)
    assert services.start_due() == 0


def test_two_schedulers_start_one_run(row):
    due(row)

    assert sorted(at_once(services.start_due, 2)) == [0, 1]
    assert IndexRun.objects.count() == 1


def test_what_is_looked_at_by_hand_only_is_never_due(row):
    due(row)
    Registry.objects.update(index_hours=0)

    assert services.start_due() == 0
    row.refresh_from_db()
    assert row.next_index_at is None


def test_fewer_hours_take_effect_before_the_time_planned_with_more(row):
    Registry.objects.update(index_hours=1, next_index_at=timezone.now() + timedelta(hours=24))

    services.start_due()

    row.refresh_from_db()
    assert row.next_index_at < timezone.now() + timedelta(hours=1, minutes=1)


def test_hours_given_to_one_that_was_looked_at_by_hand_plan_the_next_look(row):
    Registry.objects.update(index_hours=2, indexed_at=timezone.now(), next_index_at=None)

    services.start_due()

    row.refresh_from_db()
    assert row.next_index_at is not None


def test_docker_hub_is_not_looked_at_before_something_of_it_is_kept(team):
    assert {each.host for each in team.registries.all()} >= {"docker.io"}

    assert services.start_due() == 0


def test_a_new_registry_and_a_new_login_are_looked_at_soon(team, alice):
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
    assert services.start_due() == 1
    IndexRun.objects.update(state=State.SUCCEEDED)

    login = {
        "label": "ci",
        "username": "robot",
        "repository_pattern": "",
        "can_push": True,
        "expires_at": None,
    }
    registries.add_credential(
        registry=registry, user=alice, values=login, secret="a secret of the tests"
    )
    assert services.start_due() == 1


def defaults(registries, values):
    row = Registry()
    return {name: getattr(row, name) for name in registries.REGISTRY_FIELDS if name not in values}


def at_once(act, count):
    """The results of threads that start together."""
    results, barrier = [], threading.Barrier(count)

    def run():
        try:
            barrier.wait()
            results.append(act())
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return results


# --- pins


def test_a_pinned_repository_is_kept_and_looked_at(row, bob):
    repository = services.pin_repository(registry=row, user=bob, name=" team/app ")

    assert (repository.name, repository.is_pinned, repository.team) == ("team/app", True, row.team)
    assert services.latest_run(row, "team/app").state == State.QUEUED
    row.refresh_from_db()
    assert row.next_index_at is not None


@pytest.mark.parametrize("text", ["nginx", "docker.io/nginx", "library/nginx"])
def test_a_short_name_is_completed_as_docker_does(team, bob, text):
    registry = team.registries.get(host="docker.io")

    assert services.pin_repository(registry=registry, user=bob, name=text).name == "library/nginx"


@pytest.mark.parametrize(
    "text", ["team/app:1.0", f"team/app@sha256:{'a' * 64}", "", "Team/App", "../etc"]
)
def test_what_is_no_repository_is_not_pinned(row, bob, text):
    with pytest.raises(InvalidReference):
        services.pin_repository(registry=row, user=bob, name=text)
    assert not Repository.objects.exists()


def test_an_unpinned_repository_leaves_the_index_unless_it_is_listed_or_used(row, bob):
    gone = make_repository(row, "team/gone", is_listed=False, is_pinned=True)
    listed = make_repository(row, "team/listed", is_pinned=True)
    used = make_repository(
        row, "team/used", is_listed=False, is_pinned=True, used_at=timezone.now()
    )

    for repository in (gone, listed, used):
        services.unpin_repository(repository=repository, user=bob)

    assert dict(Repository.objects.values_list("name", "is_pinned")) == {
        "team/listed": False,
        "team/used": False,
    }


# --- opening


def test_what_the_index_has_is_opened_without_the_registry(row, line, django_assert_num_queries):
    image = make_image(row, ("base", 10))
    make_repository(row, "team/app", {"1.0": image})

    with django_assert_num_queries(1):
        found = services.look_up(registry=row, repository="team/app", identifier="1.0")
        assert found.artifact.document.manifest

    assert (found.repository.name, found.tag.name, found.artifact) == ("team/app", "1.0", image)
    assert line.requests == []


def test_a_digest_below_a_tag_is_opened_without_the_registry(row, line, own_registry, index):
    built = build_index(platforms=["linux/amd64", "linux/arm64"])
    push(own_registry, built, "team/app", "1.0")
    index(row)
    line.requests.clear()

    for digest in (built.digest, built.children[1].digest):
        found = services.look_up(
            registry=row, repository="team/app", identifier=Digest.parse(digest)
        )
        assert (found.artifact.digest, found.tag) == (digest, None)
    assert line.requests == []


def test_what_the_index_lacks_is_fetched_at_once_and_then_kept(
    row, line, own_registry, image_factory
):
    image = image_factory(
        own_registry, "team/app", "1.0", platforms=["linux/amd64", "linux/arm64"], attestation=True
    )

    found = services.look_up(registry=row, repository="team/app", identifier="1.0")

    assert (found.artifact.digest, found.tag.name, found.tag.artifact) == (
        image.digest,
        "1.0",
        found.artifact,
    )
    assert found.artifact.children.count() == 4
    assert (found.repository.tag_count, found.repository.size) == (1, found.artifact.size)
    line.requests.clear()
    assert (
        services.look_up(registry=row, repository="team/app", identifier="1.0").artifact
        == found.artifact
    )
    assert line.requests == []


def test_a_digest_that_another_repository_has_is_asked_for_in_this_one(
    row, own_registry, image_factory, index
):
    image = image_factory(own_registry, "team/app", "1.0")
    image_factory(own_registry, "team/other", "1.0")
    index(row)

    with pytest.raises(ManifestUnknown):
        services.look_up(registry=row, repository="team/other", identifier=image.digest)


def test_a_tag_that_is_not_there_is_said_to_be_missing_and_leaves_the_index(
    row, own_registry, image_factory
):
    image_factory(own_registry, "team/app", "1.0")
    make_repository(row, "team/app", {"1.1": None})

    with pytest.raises(ManifestUnknown, match=r"has no tag 1\.1"):
        services.look_up(registry=row, repository="team/app", identifier="1.1")
    assert not Tag.objects.exists()


def test_a_repository_that_is_not_there_leaves_no_row(row, own_registry):
    with pytest.raises((ManifestUnknown, RepositoryUnknown)):
        services.look_up(registry=row, repository="team/nothing", identifier="1.0")
    assert not Repository.objects.exists()


def test_a_repository_that_no_run_looks_at_is_believed_for_a_while_only(
    row, line, own_registry, image_factory
):
    old = image_factory(own_registry, "team/app", "latest")
    services.look_up(registry=row, repository="team/app", identifier="latest")
    new = image_factory(own_registry, "team/app", "latest")
    assert (
        services.look_up(registry=row, repository="team/app", identifier="latest").artifact.digest
        == old.digest
    )
    Tag.objects.update(checked_at=timezone.now() - timedelta(hours=2))

    found = services.look_up(registry=row, repository="team/app", identifier="latest")

    assert (found.artifact.digest, found.tag.previous_digest) == (new.digest, old.digest)


def test_where_the_registry_does_not_answer_an_old_entry_is_better_than_none(
    make_registry, own_registry, image_factory
):
    row = make_registry(own_registry)
    image = image_factory(own_registry, "team/app", "latest")
    services.look_up(registry=row, repository="team/app", identifier="latest")
    Tag.objects.update(checked_at=timezone.now() - timedelta(hours=2))
    own_registry.stop()

    assert (
        services.look_up(registry=row, repository="team/app", identifier="latest").artifact.digest
        == image.digest
    )
    with pytest.raises(ConnectionFailed):
        services.look_up(registry=row, repository="team/app", identifier="other")


@pytest.mark.parametrize(
    ("repository", "identifier"),
    [("Team/App", "1.0"), ("team/app", "-1"), ("team/app", "sha256:12")],
)
def test_what_cannot_be_a_name_is_refused_without_asking(row, line, repository, identifier):
    with pytest.raises(ValueError):
        services.look_up(registry=row, repository=repository, identifier=identifier)
    assert line.requests == []


# --- after a transfer


def test_what_a_transfer_has_pushed_is_in_the_index(row, own_registry, image_factory, team, index):
    old = image_factory(own_registry, "team/app", "1.0")
    index(row)
    new = image_factory(own_registry, "team/app", "1.0")

    services.observe(team=team, reference=Reference.parse(f"{row.host}/team/app:1.0"))

    tag = tag_of(row, "team/app", "1.0")
    assert (tag.digest, tag.previous_digest) == (new.digest, old.digest)
    repository = repository_of(row, "team/app")
    assert repository.used_at is not None
    assert repository.size == sum(map(len, new.blobs.values()))


def test_a_use_is_remembered_even_where_the_registry_does_not_answer(
    make_registry, own_registry, team
):
    registry = make_registry(own_registry, next_index_at=None)
    own_registry.stop()

    services.observe(team=team, reference=Reference.parse(f"{registry.host}/team/app:1.0"))

    assert repository_of(registry, "team/app").used_at is not None
    registry.refresh_from_db()
    assert registry.next_index_at is not None


def test_a_use_of_a_strange_host_is_no_business_of_the_index(team):
    services.observe(team=team, reference=Reference.parse("registry.example.com/team/app:1.0"))

    assert not Repository.objects.exists()


def test_a_fault_of_the_index_never_reaches_the_transfer(row, team, monkeypatch, caplog):
    monkeypatch.setattr(
        "registry_ui.registries.indexing.services.look_again", lambda **_names: 1 / 0
    )

    services.observe(team=team, reference=Reference.parse(f"{row.host}/team/app:1.0"))

    assert "could not be taken into the index" in caplog.text


def test_a_deleted_tag_is_forgotten_and_its_repository_counted(row, team):
    image, other = make_image(row, ("a", 10)), make_image(row, ("b", 20))
    make_repository(row, "team/app", {"1.0": image, "1.1": other})

    services.forget_tag(team=team, reference=Reference.parse(f"{row.host}/team/app:1.0"))

    assert names(row) == {"team/app:1.1": other.digest}
    repository = repository_of(row, "team/app")
    assert (repository.tag_count, repository.size) == (1, other.size)


def test_another_teams_registry_of_the_same_host_is_left_alone(
    row, team, other_team, make_registry
):
    theirs = make_registry(host=row.host, team=other_team)
    make_repository(theirs, "team/app", {"1.0": make_image(theirs, ("a", 10))})

    services.forget_tag(team=team, reference=Reference.parse(f"{row.host}/team/app:1.0"))
    services.observe(team=team, reference=Reference.parse(f"{row.host}/team/app:1.0"))

    assert set(names(theirs)) == {"team/app:1.0"}
    assert Repository.objects.get(registry=theirs).used_at is None
    assert not Artifact.objects.filter(registry=row).exists()
