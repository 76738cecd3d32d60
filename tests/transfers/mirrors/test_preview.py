import pytest

from tests.parts.index_rows import make_image, make_repository
from tests.transfers.mirrors.form_rows import source, target  # noqa: F401 - fixtures
from transfers.mirrors.models import ConflictPolicy
from transfers.mirrors.preview import MAX_REPOSITORIES, Preview
from transfers.mirrors.repository_naming import Naming
from transfers.mirrors.selection import Selection

from .rows import registry_row

HTMX = {"HX-Request": "true"}

pytestmark = pytest.mark.django_db


@pytest.fixture
def preview(team, request):
    registry = request.getfixturevalue("source")

    def make(**values):
        return Preview(team, {"source_registry": registry, "repositories": ["shop/*"], **values})

    return make


def test_a_glob_finds_indexed_repositories_and_a_name_needs_no_index(preview):
    names = preview(repositories=["shop/*", "new/app"]).names

    assert names == ["new/app", "shop/app", "shop/worker"]
    assert [found.is_known for found in preview(repositories=["new/app"]).matched] == [False]


def test_without_a_registry_nothing_is_shown(preview):
    assert preview(source_registry=None).names == []
    assert preview(source_registry=None).matched == []


def test_the_selected_tags_and_the_skipped_ones_with_their_reason(preview):
    shown = preview(selection=Selection.parse({"prereleases": False}))

    app = shown.matched[0]
    assert app.name == "shop/app"
    assert set(app.selected_tags) == {"1.27.1", "1.27.2", "latest"}
    assert [choice.tag for choice in app.skipped] == ["1.28.0-rc.1"]
    assert shown.selected_count == 4


def test_each_repository_has_its_name_at_the_target(preview):
    shown = preview(naming=Naming.parse({"kind": "prefix", "prefix": "mirror"}))

    assert [found.target for found in shown.matched] == ["mirror/shop/app", "mirror/shop/worker"]


def test_a_long_list_is_cut_and_its_rest_counted(preview):
    shown = preview(repositories=[f"new/app-{n}" for n in range(MAX_REPOSITORIES + 3)])

    assert (len(shown.matched), shown.more) == (MAX_REPOSITORIES, 3)


def test_an_unusable_naming_is_a_warning_and_not_a_failure(preview):
    shown = preview(
        repositories=["a/b"], naming=Naming.parse({"kind": "prefix", "prefix": "x" * 254})
    )

    assert shown.matched[0].target == ""
    assert shown.warnings


@pytest.fixture
def preview_of(team, request):
    """Return a function for the preview of some fields, from the source to the target."""

    def make(*repositories, **values):
        endpoints = {
            f"{end}_registry": request.getfixturevalue(end) for end in ("source", "target")
        }
        return Preview(team, {**endpoints, "repositories": list(repositories), **values})

    return make


def test_a_repository_named_in_full_and_by_a_glob_is_shown_once(preview_of):
    preview = preview_of("shop/*", "shop/app", "who/knows")

    assert preview.names == ["shop/app", "who/knows", "shop/worker"]
    assert [repository.is_known for repository in preview.matched] == [True, False, True]


def test_repositories_and_tags_beyond_the_excerpt_are_counted(preview_of):
    registry = preview_of().source
    image = make_image(registry, ("d", 1))
    make_repository(registry, "many/tags", {f"1.{number}": image for number in range(20)})

    preview = preview_of("many/tags", *(f"many/{number}" for number in range(MAX_REPOSITORIES)))

    assert (len(preview.matched), preview.more) == (MAX_REPOSITORIES, 1)
    (first, *_others) = preview.matched
    assert (first.shown[0], first.shown[-1], first.more) == ("1.19", "1.8", 8)
    assert preview.selected_count == 20


def test_a_tag_with_the_same_digest_or_a_policy_that_keeps_it_is_not_overwritten(preview_of):
    same = preview_of("shop/app", target_registry=preview_of().source)
    for preview in (same, preview_of("shop/app", conflict_policy=ConflictPolicy.KEEP)):
        assert not any("overwritten" in warning for warning in preview.warnings)
    # Selected platforms change every digest, so the index cannot tell which tags differ.
    selected = preview_of("shop/app", platforms=["linux/amd64"])
    assert not any("overwritten" in warning for warning in selected.warnings)
    assert any("overwritten" in warning for warning in preview_of("shop/app").warnings)


def test_a_copy_onto_itself_is_a_warning_unless_the_names_differ(preview_of):
    registry = preview_of().source

    def warns(**values):
        preview = preview_of("shop/worker", target_registry=registry, **values)
        return any("are the same" in warning for warning in preview.warnings)

    assert warns()
    assert not warns(naming=Naming.parse({"kind": "prefix", "prefix": "copy"}))


def test_official_names_on_docker_hub_are_a_warning(preview_of, team):
    hub = registry_row(team, "Docker Hub", "docker.io")
    hub.provider = "docker_hub"

    def warns(name):
        preview = preview_of(name, target_registry=hub)
        return any(
            str(hub.get_provider().reserved_message) in warning for warning in preview.warnings
        )

    assert warns("library/nginx")
    assert not warns("shop/worker")
