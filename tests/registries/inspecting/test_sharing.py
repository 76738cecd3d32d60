import pytest

from registry_ui.registries.inspecting.sharing import sharing_of
from tests.parts.index_rows import digest_of, make_image, make_index, make_repository

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db]
BASE = ("base", 1000)


@pytest.fixture
def ours(make_registry):
    return make_registry()


def shared(registry, shown, root=None):
    found = sharing_of(registry, shown, root or shown, {digest_of("base"), digest_of("own")})
    return {
        digest: ([str(sharer.reference) for sharer in each.sharers], each.more)
        for digest, each in found.items()
    }


def test_other_images_by_their_best_name(ours):
    shown = make_image(ours, BASE, ("own", 5))
    other = make_image(ours, BASE, ("other", 5))
    make_repository(ours, "a/shown", {"1.0": shown})
    make_repository(ours, "a/other", {"latest": other, "2.1.0": other, "2": other})

    assert shared(ours, shown) == {digest_of("base"): (["registry.example.com/a/other:2.1.0"], 0)}


def test_three_are_shown_of_other_repositories_first_and_the_rest_is_counted(ours):
    shown = make_image(ours, BASE, ("own", 5))
    make_repository(
        ours,
        "a/many",
        {f"1.{number}.0": make_image(ours, BASE, (f"many {number}", 5)) for number in range(9)},
    )
    make_repository(ours, "a/one", {"1.0.0": make_image(ours, BASE, ("one", 5))})
    make_repository(ours, "a/two", {"1.0.0": make_image(ours, BASE, ("two", 5))})

    ((names, more),) = shared(ours, shown).values()

    assert {name.split("/")[2].split(":")[0] for name in names} == {"many", "one", "two"}
    assert more == 8


def test_an_image_of_an_index_is_named_by_the_index_and_opened_at_its_platform(ours):
    shown = make_image(ours, BASE, ("own", 5))
    child = make_image(ours, BASE, ("child", 5), platform="linux/arm64")
    make_repository(ours, "a/index", {"1.0.0": make_index(ours, child)})

    (each,) = sharing_of(ours, shown, shown, {digest_of("base")}).values()

    assert str(each.sharers[0].reference) == "registry.example.com/a/index:1.0.0"
    assert each.sharers[0].url.endswith(
        f"/images/a/index:1.0.0/?platform={child.digest.replace(':', '%3A')}"
    )


def test_the_other_platforms_of_the_same_index_are_no_other_images(ours):
    shown, sibling = (
        make_image(ours, BASE, ("own", 5)),
        make_image(ours, BASE, ("arm", 5), platform="linux/arm64"),
    )
    root = make_index(ours, shown, sibling)
    make_repository(ours, "a/b", {"1.0": root})

    assert shared(ours, shown, root) == {}
    make_repository(ours, "a/c", {"2.0": make_image(ours, BASE)})
    assert shared(ours, shown, root) == {digest_of("base"): (["registry.example.com/a/c:2.0"], 0)}


def test_images_without_a_tag_are_counted(ours):
    shown = make_image(ours, BASE, ("own", 5))
    make_image(ours, BASE, ("untagged", 5))

    assert shared(ours, shown) == {digest_of("base"): ([], 1)}


def test_nobody_else_has_what_is_only_ours(ours, make_registry, other_team):
    shown = make_image(ours, BASE, ("own", 5))
    elsewhere = make_registry(host="elsewhere.example.com")
    theirs = make_registry(host=ours.host, team=other_team)
    for registry in (elsewhere, theirs):
        make_repository(registry, "a/b", {"1": make_image(registry, BASE)})

    assert shared(ours, shown) == {}


def test_however_many_there_are_it_takes_three_queries(ours, django_assert_num_queries):
    shown = make_image(ours, BASE, ("own", 5))
    make_repository(
        ours,
        "a/many",
        {
            f"1.{number}.0": make_image(ours, BASE, ("own", 5), (f"many {number}", 5))
            for number in range(40)
        },
    )

    with django_assert_num_queries(3):
        found = shared(ours, shown)

    assert found[digest_of("own")][1] == found[digest_of("base")][1] == 37
