import contextlib

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from registry_ui.tags import InvalidRange, VersionRange, parse_tag, version_key

from .corpus import ROWS, TAG_LIKE

NEWER = "1.28.0-beta1 1.28.0-rc1 1.28-rc 1.28.0 1.28 2.0.0-rc1 2"
TAGS = f"""
    latest alpine 20241016 sha-4f2a9c1 4711 0.0.3 0.0.4 0.2.3 0.2.9 0.3.0 1 1.25.9 1.26.0-rc1
    1.26.0 1.26 1.26.5-alpine 1.27.0-rc1 1.27.0 v1.27.1 1.27.3-rc1 1.27.3-rc2 1.27.3-rc 1.27.3
    1.27.3_2-jre 1.27.3.1 1.27 {NEWER}
""".split()

FOUND = {
    ">=1.26 <1.28": (
        "1.26.0 1.26 1.26.5-alpine 1.27.0-rc1 1.27.0 v1.27.1 1.27.3-rc1 1.27.3-rc2 1.27.3-rc "
        "1.27.3 1.27.3_2-jre 1.27.3.1 1.27"
    ),
    ">= 1.27.1, <= 1.27.3": "v1.27.1 1.27.3-rc1 1.27.3-rc2 1.27.3-rc 1.27.3 1.27.3_2-jre",
    "1.26": "1.26.0 1.26 1.26.5-alpine",
    "=1.26": "1.26.0 1.26 1.26.5-alpine",
    "==v1.26": "1.26.0 1.26 1.26.5-alpine",
    "1.26.x": "1.26.0 1.26 1.26.5-alpine",
    "1.26.*": "1.26.0 1.26 1.26.5-alpine",
    "1.27.3": "1.27.3 1.27.3_2-jre",
    "1.27.3.x": "1.27.3 1.27.3_2-jre 1.27.3.1",
    "1.27.3-rc1": "1.27.3-rc1",
    "1.27.3-rc": "1.27.3-rc1 1.27.3-rc2 1.27.3-rc",
    ">=1.27.3-rc2 <=1.27.3": "1.27.3-rc2 1.27.3-rc 1.27.3 1.27.3_2-jre",
    ">1.27.3 <1.28.0": "1.27.3.1 1.27",
    ">1.27 <1.28.0-rc1": "1.28.0-beta1",
    ">1.27 <=1.28": "1.28.0-beta1 1.28.0-rc1 1.28-rc 1.28.0 1.28",
    ">=1.28": "1 1.28.0 1.28 2.0.0-rc1 2",
    "<1.26.0": "0.0.3 0.0.4 0.2.3 0.2.9 0.3.0 1.25.9",
    "~1.27.3": "1.27.3 1.27.3_2-jre 1.27.3.1 1.27",
    "~1.27": "1.27.0 v1.27.1 1.27.3-rc1 1.27.3-rc2 1.27.3-rc 1.27.3 1.27.3_2-jre 1.27.3.1 1.27",
    "~0": "0.0.3 0.0.4 0.2.3 0.2.9 0.3.0",
    "^1.28": "1 1.28.0 1.28",
    "^0.2.3": "0.2.3 0.2.9",
    "^0.0.3": "0.0.3",
    "1.x": " ".join(tag for tag in TAGS if tag.startswith(("1", "v1"))),
    "1.25 - 1.26": "1.25.9 1.26.0-rc1 1.26.0 1.26 1.26.5-alpine",
    "*": " ".join(
        tag for tag in TAGS if tag not in ("latest", "alpine", "20241016", "sha-4f2a9c1", "4711")
    ),
}


@pytest.mark.parametrize("text", FOUND)
def test_a_range_finds_the_tags_that_a_person_means(text):
    wanted = VersionRange.parse(text)
    assert [tag for tag in TAGS if wanted.matches(parse_tag(tag))] == FOUND[text].split()


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("", "write a version such as 1.27"),
        ("   ", "write a version such as 1.27"),
        (">=1." + "1" * 200, "too long"),
        (">=1 || <3", "without “or”"),
        (">=1 !=1.3", "cannot leave a version out"),
        (">=", "“>=” is no bound"),
        (">=1,,<2", "“,<2” is no bound"),
        ("1.27-alpine", "“1.27-alpine” is no version: write its numbers alone"),
        ("latest", "“latest” is no version"),
        ("20241016", "“20241016” is no version"),
        ("1.*.3", "“1.*.3” is no version"),
        ("1.2.3-rc1.x", "a pre-release and a wildcard at once"),
        ("1.2 -", "“-” is no version"),
        (">=2 <1", "Write the smaller version first"),
        ("1.4 - 1.2", "Write the smaller version first"),
        (">=1.27.3-rc2 <1.27.3", "Write the smaller version first"),
    ],
)
def test_an_invalid_range_is_refused_with_advice(text, advice):
    with pytest.raises(InvalidRange, match=r"(?s).*") as refused:
        VersionRange.parse(text)
    assert advice in str(refused.value)
    assert str(refused.value) == refused.value.sentence % {"part": refused.value.part}


def test_a_range_is_two_lookups_on_the_column_of_version_keys():
    wanted = VersionRange.parse(">=1.26 <1.28")
    assert [lookup for lookup, _key in wanted.bounds()] == ["gte", "lt"]
    assert [lookup for lookup, _key in VersionRange.parse(">=1.26").bounds()] == ["gte"]
    assert str(wanted) == ">=1.26 <1.28"


VERSIONS = st.one_of(
    st.lists(st.integers(0, 300), min_size=1, max_size=4).map(
        lambda numbers: ".".join(map(str, numbers))
    ),
    st.sampled_from([tag for _image, tag, _expected in ROWS if parse_tag(tag).version]),
)
NUMBERS = st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 3))


@given(
    st.sampled_from(["", "=", "<", "<=", ">", ">=", "~", "^"]),
    NUMBERS,
    st.integers(1, 3),
    st.one_of(VERSIONS, TAG_LIKE),
)
@example(">=", (1, 26, 0), 2, "1.26.0-rc1")
@example("<", (1, 28, 0), 2, "1.28.0-rc1")
def test_a_tag_matches_when_every_bound_holds_for_its_key(sign, numbers, length, text):
    wanted = VersionRange.parse(sign + ".".join(map(str, numbers[:length])))
    key = version_key(parse_tag(text))
    compare = {"gte": bytes.__ge__, "lt": bytes.__lt__}
    assert wanted.matches(parse_tag(text)) == (
        key is not None and all(compare[lookup](key, end) for lookup, end in wanted.bounds())
    )


@given(NUMBERS, NUMBERS)
def test_comparisons_of_full_versions_are_those_of_their_numbers(first, second):
    tag = parse_tag(".".join(map(str, first)))
    version = ".".join(map(str, second))
    matching = [
        sign
        for sign in ("<", "<=", "=", ">=", ">")
        if VersionRange.parse(sign + version).matches(tag)
    ]
    assert matching == (
        ["<", "<="] if first < second else ["<=", "=", ">="] if first == second else [">=", ">"]
    )


@given(st.text(max_size=60) | st.from_regex(r"[<>=~^ ,.*xv0-9rc-]{0,40}", fullmatch=True))
def test_any_text_is_a_range_or_refused(text):
    with contextlib.suppress(InvalidRange):
        VersionRange.parse(text).matches(parse_tag("1.27.3"))


@pytest.mark.django_db
def test_the_database_finds_what_python_matches(team):
    from registry_ui.catalog.models import Tag
    from registry_ui.registries.models import Registry
    from tests.parts.index_rows import make_repository

    registry = Registry.objects.create(team=team, name="Quay", host="registry.example.com")
    make_repository(registry, "app", dict.fromkeys(TAGS))
    for text in FOUND:
        wanted = VersionRange.parse(text)
        rows = Tag.objects.filter(
            **{f"version_key__{lookup}": key for lookup, key in wanted.bounds()}
        )
        assert set(rows.values_list("name", flat=True)) == set(FOUND[text].split())
