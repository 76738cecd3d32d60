import pytest

from registry_ui.images.models import LocalImage
from registry_ui.oci.errors import InvalidReference
from tests.parts.images import build_image
from tests.parts.scripted_server import Reply
from tests.transfers.conftest import add_credential
from tests.transfers.mirrors.rows import item_row, run_row
from transfers.mirrors.models import ItemAction, ItemState
from transfers.mirrors.repository_naming import NamingCollision
from transfers.mirrors.run.repository_pairs import (
    RepositoryPair,
    candidate_tags,
    list_pairs,
    list_tags,
    read_local_tags,
)
from transfers.mirrors.selection import Selection
from transfers.models import State

NAME = "library/nginx"
IMAGE = build_image(seed="pairs", layers=1, layer_size=10)
SIGNATURE = f"sha256-{'0' * 64}.sig"

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]


def test_a_glob_selects_every_matching_repository(
    registry, second_registry, image_factory, make_mirror, run_mirror
):
    names = [registry.new_repository("globbed") for _number in range(2)]
    for name in names:
        image_factory(registry, name, layers=1, layer_size=50)
    run = run_mirror(make_mirror("globbed/*"))
    assert run.state == State.SUCCEEDED
    assert {item.source_repository for item in run.items.all()} >= set(names)


def test_names_at_the_target_follow_the_naming(
    registry, second_registry, image_factory, make_mirror, run_mirror
):
    repository = registry.new_repository()
    image = image_factory(registry, repository)
    run_mirror(make_mirror(repository, naming={"kind": "prefix", "prefix": "mirrored"}))
    assert second_registry.digest_of(f"mirrored/{repository}", "1.0") == image.digest


def test_a_naming_collision_copies_nothing(
    registry, second_registry, image_factory, make_mirror, run_mirror
):
    for namespace in ("left", "right"):
        image_factory(registry, f"{namespace}-collides/app-collides", layers=1, layer_size=50)
    run = run_mirror(make_mirror("*/app-collides", naming={"kind": "flatten"}))
    assert run.state == State.FAILED
    assert run.error["kind"] == "NamingCollision"
    assert second_registry.tags("app-collides") == []


def test_a_missing_repository_fails_alone(registry, image_factory, make_mirror, run_mirror):
    repository = registry.new_repository()
    image_factory(registry, repository)
    run = run_mirror(make_mirror(repository, "tests/nothing-here"))
    assert run.state == State.FAILED
    assert run.items.get(source_repository="tests/nothing-here").error
    assert run.items.get(source_repository=repository).state == ItemState.DONE


@pytest.fixture
def pairs_of(open_endpoints):
    """Return a function for the pairs of a run: source → target and the tags of the limit."""

    def pairs(run):
        found = list_pairs(run, open_endpoints(run, checked=()))
        return {pair.source: (pair.target, set(pair.tags)) for pair in found}

    return pairs


def test_a_glob_stands_for_the_names_of_the_source_each_once(hub, claimed_run, pairs_of):
    for name in ("team/b", "team/a", "other/c"):
        hub.add(name, IMAGE, "1.0")
    run = claimed_run("team/*", "team/b", naming={"kind": "prefix", "prefix": "hub"})

    assert pairs_of(run) == {"team/b": ("hub/team/b", set()), "team/a": ("hub/team/a", set())}


def test_a_glob_without_a_match_is_an_error(hub, claimed_run, pairs_of):
    hub.add("other/c", IMAGE, "1.0")
    with pytest.raises(InvalidReference):
        pairs_of(claimed_run("team/*"))


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        ([{"repository": "a/app", "tag": "1"}, {"repository": "a/app", "tag": "2"}], {"1", "2"}),
        ([{"repository": "a/app", "tag": "1"}, {"repository": "a/app"}], set()),
        ([{"repository": "a/app", "tag": ""}], set()),
    ],
)
def test_a_limited_run_has_the_named_repositories_and_tags(
    hub, claimed_run, pairs_of, limits, expected
):
    run = claimed_run("a/app", "b/app", run_values={"limited_to": limits})

    assert pairs_of(run) == {"a/app": ("a/app", expected)}
    assert hub.server.made("GET", "/v2/_catalog") == []


def test_a_limited_run_still_finds_a_collision_of_names(claimed_run, pairs_of):
    run = claimed_run(
        "a/app",
        "b/app",
        naming={"kind": "flatten"},
        run_values={"limited_to": [{"repository": "a/app"}]},
    )
    with pytest.raises(NamingCollision):
        pairs_of(run)


def test_a_plan_is_run_with_the_tags_that_it_would_copy(claimed_run, pairs_of):
    run = claimed_run("a/app", "b/app")
    run.based_on = run_row(run.mirror, state=State.SUCCEEDED, is_plan=True)
    for tag, action, state in (
        ("new", ItemAction.NEW, ItemState.WAITING),
        ("changed", ItemAction.CHANGED, ItemState.WAITING),
        ("failed", ItemAction.NEW, ItemState.FAILED),
        ("same", ItemAction.UP_TO_DATE, ItemState.DONE),
    ):
        item_row(run.based_on, tag, action, state, source_repository="a/app")

    assert pairs_of(run) == {"a/app": ("a/app", {"new", "changed"})}


def test_a_repository_is_not_copied_to_itself(claimed_run, pairs_of):
    run = claimed_run(NAME)
    run.mirror.target_registry = run.mirror.source_registry
    with pytest.raises(InvalidReference):
        pairs_of(run)

    run.mirror.naming = {"kind": "prefix", "prefix": "copy"}
    assert pairs_of(run) == {NAME: (f"copy/{NAME}", set())}


def test_a_repository_without_rights_fails_alone(claimed_run, open_endpoints):
    run = claimed_run("a/app", "b/app")
    for label in ("one", "two"):
        add_credential(run.mirror.source_registry, label, "x", repository_pattern="a/*")
    endpoints = open_endpoints(run, checked=())

    pairs = {pair.source: pair.error for pair in list_pairs(run, endpoints)}

    assert type(pairs["a/app"]).__name__ == "AmbiguousCredential"
    assert pairs["b/app"] is None


def test_tags_and_signatures_of_both_sides_are_listed(hub, company, claimed_run, open_endpoints):
    hub.add(NAME, IMAGE, "1.0", "1.1", SIGNATURE)
    company.add(NAME, IMAGE, "0.9", SIGNATURE)
    endpoints, pair = open_endpoints(claimed_run(NAME)), RepositoryPair(NAME, NAME)

    list_tags(pair, endpoints, Selection(), always=False)

    assert (pair.source_tags, pair.digest_tags) == (["1.0", "1.1"], [SIGNATURE])
    assert (pair.target_tags, pair.is_new) == ({"0.9", SIGNATURE}, False)
    assert pair.may_have_tag("0.9")
    assert not pair.may_have_tag("1.0")
    assert pair.may_have_tag("sha256:0")


def test_a_repository_that_the_target_lacks_is_new(hub, claimed_run, open_endpoints):
    hub.add(NAME, IMAGE, "1.0")
    endpoints, pair = open_endpoints(claimed_run(NAME)), RepositoryPair(NAME, NAME)

    list_tags(pair, endpoints, Selection(), always=False)

    assert (pair.is_new, pair.target_tags, pair.error) == (True, set(), None)
    assert not pair.may_have_tag("sha256:0")


@pytest.mark.parametrize("side", ["hub", "company"])
def test_a_refused_list_is_kept_as_the_error_of_its_pair(
    request, hub, claimed_run, open_endpoints, side
):
    hub.add(NAME, IMAGE, "1.0")
    request.getfixturevalue(side).server.on("GET", ".*/tags/list", Reply(403))
    endpoints, pair = open_endpoints(claimed_run(NAME)), RepositoryPair(NAME, NAME)

    list_tags(pair, endpoints, Selection(), always=False)

    assert type(pair.error).__name__ == "Denied"


def test_tags_that_are_named_in_full_need_no_list(hub, company, claimed_run, open_endpoints):
    endpoints, selection = open_endpoints(claimed_run(NAME)), Selection.parse({"tags": ["1.0"]})
    named = RepositoryPair(NAME, NAME)
    limited = RepositoryPair(NAME, NAME, tags=frozenset({"2.0", "1.9"}))

    list_tags(named, endpoints, selection, always=False)
    list_tags(limited, endpoints, Selection(), always=False)

    assert hub.server.made("GET", ".*/tags/list") == []
    assert list(candidate_tags(named, selection)) == ["1.0"]
    assert candidate_tags(limited, Selection()) == ["1.9", "2.0"]
    assert named.may_have_tag("1.0")

    hub.add(NAME, IMAGE, "1.0", "1.1")
    list_tags(named, endpoints, selection, always=True)
    assert candidate_tags(named, selection) == ["1.0", "1.1"]


def test_local_tags_are_those_of_the_team_under_the_name_of_the_source(
    team, other_team, hub, claimed_run, open_endpoints
):
    run = claimed_run(NAME, run_values={"is_local_pull": True})
    for owner, registry, tag in (
        (team, hub.host, "1.0"),
        (team, hub.host, ""),
        (team, "docker.io", "1.1"),
        (other_team, hub.host, "1.2"),
    ):
        LocalImage.objects.create(
            team=owner,
            registry=registry,
            repository=NAME,
            tag=tag,
            digest=IMAGE.digest,
            image_id=IMAGE.config,
            size=1,
        )
    pair, other = RepositoryPair(NAME, NAME), RepositoryPair("other/app", "other/app")

    for listed in (pair, other):
        read_local_tags(listed, open_endpoints(run))

    assert (pair.local, pair.target_tags, pair.is_new) == (
        {"1.0": IMAGE.digest},
        {"1.0"},
        False,
    )
    assert (other.local, other.is_new) == ({}, True)
