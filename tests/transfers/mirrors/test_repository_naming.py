"""Repository names at the target, which never collide."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry_ui.oci.errors import InvalidReference
from registry_ui.web.errors import describe
from tests.parts.error_texts import says
from transfers.mirrors.repository_naming import Naming, NamingCollision

HOST = "registry.example.com:5000"
REPOSITORIES = st.from_regex(r"[a-z0-9]{1,5}(/[a-z0-9]{1,5}){0,3}", fullmatch=True)


def named(document: dict, repository: str) -> str:
    return Naming.parse(document).target_name(repository, host=HOST)


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({}, "team/back/app"),
        ({"kind": "keep"}, "team/back/app"),
        ({"kind": "flatten", "levels": 1}, "back/app"),
        ({"kind": "flatten", "levels": 9}, "app"),
        ({"kind": "flatten"}, "app"),
        ({"kind": "prefix", "prefix": "/mirror/hub/"}, "mirror/hub/team/back/app"),
        ({"kind": "template", "template": "hub/{name}"}, "hub/app"),
        ({"kind": "template", "template": "{namespace}/copy-of-{name}"}, "team/back/copy-of-app"),
        (
            {"kind": "template", "template": "{host}/{repository}"},
            "registry.example.com-5000/team/back/app",
        ),
    ],
)
def test_each_kind_of_naming(document, expected):
    assert named(document, "team/back/app") == expected


def test_a_template_leaves_no_empty_part_without_a_namespace():
    assert named({"kind": "template", "template": "hub/{namespace}/{name}"}, "app") == "hub/app"


@pytest.mark.parametrize(
    "document",
    [
        {"kind": "nonsense"},
        {"kind": "prefix"},
        {"kind": "prefix", "prefix": "UPPER"},
        {"kind": "flatten", "levels": -1},
        {"kind": "flatten", "levels": True},
        {"kind": "template", "template": "{secret}/{name}"},
        {"kind": "template", "template": "{name"},
        "keep",
    ],
)
def test_bad_naming_is_refused_with_advice(document):
    with pytest.raises(InvalidReference) as caught:
        Naming.parse(document)
    assert describe(caught.value).sentence
    assert describe(caught.value).advice


def test_a_name_that_becomes_too_long_is_refused():
    with pytest.raises(InvalidReference, check=says("300")):
        named({"kind": "prefix", "prefix": "a" * 200}, "b" * 99)


def test_a_collision_names_both_repositories():
    with pytest.raises(NamingCollision) as caught:
        Naming.parse({"kind": "flatten"}).target_names(["one/app", "two/app"], host=HOST)
    assert (caught.value.first, caught.value.second, caught.value.target) == (
        "one/app",
        "two/app",
        "app",
    )
    assert "one/app" in describe(caught.value).sentence
    assert "two/app" in describe(caught.value).sentence


@given(st.lists(REPOSITORIES, max_size=10, unique=True), st.integers(0, 3))
def test_no_two_repositories_ever_share_a_target(repositories, levels):
    naming = Naming.parse({"kind": "flatten", "levels": levels})
    expected = {naming.target_name(repository, host=HOST) for repository in repositories}
    if len(expected) < len(repositories):
        with pytest.raises(NamingCollision):
            naming.target_names(repositories, host=HOST)
    else:
        assert set(naming.target_names(repositories, host=HOST).values()) == expected


@given(REPOSITORIES)
def test_naming_reads_back_as_the_same(repository):
    for document in (
        {"kind": "keep"},
        {"kind": "flatten", "levels": 2},
        {"kind": "prefix", "prefix": "a/b"},
    ):
        naming = Naming.parse(document)
        assert Naming.parse(naming.document()) == naming
        assert naming.target_name(repository, host=HOST)
