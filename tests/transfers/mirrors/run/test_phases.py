import pytest

from registry_ui.oci.errors import Cancelled
from registry_ui.oci.store import Cancellation
from tests.parts.images import build_image
from tests.parts.scripted_server import Reply
from tests.transfers.mirrors.outcomes import outcome
from transfers.mirrors.models import ItemState, RepositoryDrift
from transfers.mirrors.repository_naming import NamingCollision
from transfers.mirrors.run.context import RunContext
from transfers.mirrors.run.phases import execute
from transfers.models import State

NAME = "library/nginx"

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]


def test_extras_are_kept_and_counted_by_default(
    registry, second_registry, image_factory, make_mirror, run_mirror
):
    repository = registry.new_repository()
    image_factory(registry, repository)
    image_factory(second_registry, repository, "old")
    run = run_mirror(make_mirror(repository))
    assert outcome(run) == {"1.0": "new done", "old": "extra waiting"}
    assert second_registry.tags(repository) == ["1.0", "old"]
    assert RepositoryDrift.objects.get().extra == 1


def test_extras_are_deleted_where_the_mirror_says_so(
    registry, second_registry, image_factory, make_mirror, run_mirror
):
    repository = registry.new_repository()
    image_factory(registry, repository)
    image_factory(second_registry, repository, "old")
    run = run_mirror(make_mirror(repository, delete_extras=True))
    assert outcome(run) == {"1.0": "new done", "old": "extra done"}
    assert second_registry.digest_of(repository, "old") is None
    assert run.totals["deleted"] == 1


def test_no_extra_is_deleted_above_the_cap(
    registry, second_registry, image_factory, make_mirror, run_mirror
):
    repository = registry.new_repository()
    image_factory(registry, repository)
    for number in range(3):
        image_factory(second_registry, repository, f"old-{number}", layers=1, layer_size=50)
    run = run_mirror(make_mirror(repository, delete_extras=True, delete_cap=2))
    assert run.state == State.SUCCEEDED
    assert len(second_registry.tags(repository)) == 4
    assert "cap" in run.progress["notes"][0]


def test_nothing_is_deleted_without_a_list_of_the_source(
    registry, second_registry, image_factory, make_mirror, run_mirror
):
    repository = registry.new_repository()
    image_factory(second_registry, repository, "precious")
    run = run_mirror(make_mirror(repository, delete_extras=True))
    assert run.state == State.FAILED
    assert second_registry.tags(repository) == ["precious"]


def small_image():
    return build_image(layers=1, layer_size=10)


@pytest.fixture
def image(hub):
    image = small_image()
    hub.add(NAME, image, "1.0", "2.0-rc1")
    return image


def executed(run) -> RunContext:
    context = RunContext(run, Cancellation())
    execute(context)
    return context


def test_a_run_copies_the_selected_tags_and_counts_the_others(image, company, claimed_run):
    run = claimed_run(NAME, selection={"prereleases": False})

    context = executed(run)

    assert company.tags(NAME) == {"1.0": image.digest}
    assert outcome(run) == {"1.0": "new done"}
    assert run.items.get().verification == "equal"
    totals = context.row_values()["totals"]
    assert (totals["unselected"], totals["repositories"], totals["new_repositories"]) == (1, 1, 1)
    assert RepositoryDrift.objects.get().is_in_sync


def test_a_plan_copies_nothing_and_has_a_row_for_each_tag(image, company, claimed_run):
    run = claimed_run(NAME, selection={"prereleases": False}, run_values={"is_plan": True})

    context = executed(run)

    assert company.manifests == {}
    assert outcome(run) == {"1.0": "new waiting", "2.0-rc1": "skipped done"}
    assert context.row_values()["bytes_total"] == sum(map(len, image.blobs.values()))


def test_an_unlisted_repository_fails_alone_and_one_without_tags_is_a_note(
    image, hub, company, claimed_run
):
    hub.server.on("GET", "/v2/library/refused/tags/list", Reply(403))
    hub.manifests["library/empty"] = {}
    run = claimed_run(NAME, "library/refused", "library/empty", selection={"tags": ["1.*"]})

    context = executed(run)

    failed = run.items.get(state=ItemState.FAILED)
    assert (failed.source_repository, failed.tag) == ("library/refused", "")
    assert company.tags(NAME) == {"1.0": image.digest}
    assert [note for note in context.notes if "library/empty" in note]


def test_a_collision_of_names_stops_the_run_before_any_copy(image, hub, company, claimed_run):
    hub.add("other/nginx", image, "1.0")
    run = claimed_run(NAME, "other/nginx", naming={"kind": "flatten"})

    with pytest.raises(NamingCollision):
        executed(run)

    assert company.manifests == {}
    assert not run.items.exists()


@pytest.mark.parametrize("referrers", [True, False])
def test_signatures_follow_their_image_where_the_mirror_says_so(
    image, hub, company, claimed_run, referrers
):
    tag = f"{image.digest.replace(':', '-')}.sig"
    hub.add(NAME, small_image(), tag)
    hub.add(NAME, small_image(), f"sha256-{'0' * 64}.sig")
    run = claimed_run(NAME, referrers=referrers, selection={"tags": ["1.0"]})

    executed(run)

    assert set(company.tags(NAME)) == ({"1.0", tag} if referrers else {"1.0"})


def test_more_extras_than_the_cap_stay_each_with_the_reason(image, company, claimed_run):
    company.add(NAME, image, "0.8", "0.9")
    run = claimed_run(NAME, delete_extras=True, delete_cap=1)

    context = executed(run)

    extras = run.items.filter(action="extra")
    assert {item.tag for item in extras} == {"0.8", "0.9"}
    (note,) = context.notes
    assert all(note in item.reason for item in extras)
    assert company.server.made("DELETE") == []


def test_a_second_run_asks_for_no_blob(image, hub, company, claimed_run):
    executed(claimed_run(NAME))
    other = small_image()
    hub.add(NAME, other, "1.1")
    hub.add(NAME, image, "1.2")
    company.server.calls.clear()

    executed(claimed_run(NAME, name="Again"))

    assert company.tags(NAME)["1.2"] == image.digest
    asked = {call.match["digest"] for call in company.server.made("HEAD", ".*/blobs/.*")}
    assert asked <= set(other.blobs)


def test_a_cancelled_run_stops_before_it_copies(image, company, claimed_run):
    context = RunContext(claimed_run(NAME), Cancellation())
    context.cancellation.request()

    with pytest.raises(Cancelled):
        execute(context)

    assert company.manifests == {}
