import pytest

from tests.transfers.mirrors.form_rows import source, target  # noqa: F401 - fixtures
from transfers.mirrors.preview import MAX_REPOSITORIES, Preview
from transfers.mirrors.repository_naming import Naming
from transfers.mirrors.selection import Selection

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
