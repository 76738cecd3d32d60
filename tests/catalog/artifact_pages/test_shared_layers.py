import pytest

from registry_ui.catalog.artifact_pages.shared_layers import sharing_of
from tests.parts.index_rows import digest_of, make_image, make_index, make_repository

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db]
BASE = ("base", 1000)


@pytest.fixture
def registry(make_registry):
    return make_registry()


def shared(registry, shown, root=None):
    sharing = sharing_of(registry, shown, root or shown, {digest_of("base"), digest_of("own")})
    return {
        digest: ([str(sharer.reference) for sharer in layer.sharers], layer.more)
        for digest, layer in sharing.items()
    }


def test_other_images_by_their_best_name(registry):
    shown = make_image(registry, BASE, ("own", 5))
    other = make_image(registry, BASE, ("other", 5))
    make_repository(registry, "a/shown", {"1.0": shown})
    make_repository(registry, "a/other", {"latest": other, "2.1.0": other, "2": other})

    assert shared(registry, shown) == {
        digest_of("base"): (["registry.example.com/a/other:2.1.0"], 0)
    }


def test_three_are_shown_of_other_repositories_first_and_the_rest_is_counted(registry):
    shown = make_image(registry, BASE, ("own", 5))
    make_repository(
        registry,
        "a/many",
        {f"1.{number}.0": make_image(registry, BASE, (f"many {number}", 5)) for number in range(9)},
    )
    make_repository(registry, "a/one", {"1.0.0": make_image(registry, BASE, ("one", 5))})
    make_repository(registry, "a/two", {"1.0.0": make_image(registry, BASE, ("two", 5))})

    ((names, more),) = shared(registry, shown).values()

    assert {name.split("/")[2].split(":")[0] for name in names} == {"many", "one", "two"}
    assert more == 8


def test_an_image_of_an_index_is_named_by_the_index_and_opened_at_its_platform(registry):
    shown = make_image(registry, BASE, ("own", 5))
    child = make_image(registry, BASE, ("child", 5), platform="linux/arm64")
    make_repository(registry, "a/index", {"1.0.0": make_index(registry, child)})

    (sharing,) = sharing_of(registry, shown, shown, {digest_of("base")}).values()

    assert str(sharing.sharers[0].reference) == "registry.example.com/a/index:1.0.0"
    assert sharing.sharers[0].url.endswith(
        f"/images/a/index:1.0.0/?platform={child.digest.replace(':', '%3A')}"
    )


def test_the_other_platforms_of_the_same_index_are_no_other_images(registry):
    shown, sibling = (
        make_image(registry, BASE, ("own", 5)),
        make_image(registry, BASE, ("arm", 5), platform="linux/arm64"),
    )
    root = make_index(registry, shown, sibling)
    make_repository(registry, "a/b", {"1.0": root})

    assert shared(registry, shown, root) == {}
    make_repository(registry, "a/c", {"2.0": make_image(registry, BASE)})
    assert shared(registry, shown, root) == {
        digest_of("base"): (["registry.example.com/a/c:2.0"], 0)
    }


def test_images_without_a_tag_are_counted(registry):
    shown = make_image(registry, BASE, ("own", 5))
    make_image(registry, BASE, ("untagged", 5))

    assert shared(registry, shown) == {digest_of("base"): ([], 1)}


def test_other_registries_and_teams_share_nothing(registry, make_registry, other_team):
    shown = make_image(registry, BASE, ("own", 5))
    other_host = make_registry(host="elsewhere.example.com")
    other_row = make_registry(host=registry.host, team=other_team)
    for other in (other_host, other_row):
        make_repository(other, "a/b", {"1": make_image(other, BASE)})

    assert shared(registry, shown) == {}


def test_sharing_takes_three_queries(registry, django_assert_num_queries):
    shown = make_image(registry, BASE, ("own", 5))
    make_repository(
        registry,
        "a/many",
        {
            f"1.{number}.0": make_image(registry, BASE, ("own", 5), (f"many {number}", 5))
            for number in range(40)
        },
    )

    with django_assert_num_queries(3):
        sharing = shared(registry, shown)

    assert sharing[digest_of("own")][1] == sharing[digest_of("base")][1] == 37
