import re

from registry_ui.tags import SUFFIXES, Group, Role, Suffix, parse_tag
from registry_ui.tags.explanations import ROLE_LABELS

MUST_BE_KNOWN = """
    latest alpine slim windowsserver windowsservercore nanoserver ltsc2022 bookworm bullseye trixie
    noble jammy focal distroless fpm apache jre jdk debug nonroot rc alpha beta nightly edge lts
    onbuild buildpack-deps musl glibc cuda amd64 arm64 stable mainline
    zts dind management builder chiseled minimal cli temurin sid snapshot preview
"""


def test_the_table_has_at_least_fifty_rows_and_no_name_twice():
    names = [suffix.name for suffix in SUFFIXES]
    assert len(names) >= 50
    assert len(names) == len(set(names))
    assert set(MUST_BE_KNOWN.split()) <= set(names)


def test_each_row_is_complete_and_short():
    for suffix in SUFFIXES:
        for text in (suffix.meaning, suffix.use_case, suffix.drawback):
            assert text, suffix.name
            assert text[-1] in ".…" or ":…" in text, suffix.name
            assert len(text) < 180, suffix.name
        assert suffix.example, suffix.name
        assert suffix.role in ROLE_LABELS, suffix.name
        assert suffix.group in Group, suffix.name
        re.compile(suffix.expression)


def test_each_example_shows_its_row():
    for suffix in SUFFIXES:
        if suffix.group is Group.NUMBER:
            continue
        tag = suffix.example.rpartition(":")[2]
        named = {piece.name for piece in parse_tag(tag).pieces}
        assert suffix.name in named or suffix.name in suffix.example, suffix.name


def test_every_alias_leads_to_its_row():
    for suffix in SUFFIXES:
        for alias in suffix.aliases:
            pieces = parse_tag(alias).pieces
            assert [piece.name for piece in pieces] == [suffix.name], alias


def test_the_words_of_the_mechanism_document_have_its_meaning():
    by_name = {suffix.name: suffix for suffix in SUFFIXES}
    assert "newest stable" in by_name["latest"].meaning
    assert "production" in by_name["latest"].drawback
    assert "5 MB" in by_name["alpine"].meaning
    assert "icroservices" in by_name["alpine"].use_case
    assert "documentation and tools removed" in by_name["slim"].meaning
    assert "Production in general" in by_name["slim"].use_case
    assert "kernel" in by_name["windowsserver"].meaning
    assert ".NET Framework" in by_name["windowsserver"].use_case


def row(**values):
    texts = dict.fromkeys(("meaning", "use_case", "drawback"), "…")
    return Suffix(name="c++", group=Group.CONTENT, role=Role.VARIANT, **texts, **values)


def test_a_row_without_a_pattern_matches_its_name_and_aliases_literally():
    plain = row(aliases=("g++",))

    assert re.fullmatch(plain.expression, "c++")
    assert re.fullmatch(plain.expression, "g++")
    assert re.fullmatch(plain.expression, "cc") is None


def test_a_pattern_replaces_the_name_and_the_aliases():
    assert row(pattern="cxx", aliases=("g++",)).expression == "cxx"


def test_each_row_has_an_anchor_of_its_own():
    assert len({suffix.anchor for suffix in SUFFIXES}) == len(SUFFIXES)
    assert row().anchor == "suffix-c++"
