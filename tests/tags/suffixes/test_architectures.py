import pytest

from registry_ui.tags import parse_tag


@pytest.mark.parametrize(
    ("text", "architecture"),
    [
        ("arm64v8-latest", "arm64"),
        ("1.2-linux-amd64", "amd64"),
        ("1.2-x86_64", "amd64"),
        ("1.2-linux-arm-v6", "arm/v6"),
        ("1.2-s390x", "s390x"),
        ("1.2-i386", "386"),
        ("386", ""),
    ],
)
def test_architectures_are_named_as_oci_names_them(text, architecture):
    assert parse_tag(text).architecture == architecture


def test_a_prefix_of_the_operating_system_belongs_to_the_architecture():
    (_version, piece) = parse_tag("1.2-linux-arm64-v8").pieces

    assert (piece.text, piece.name) == ("linux-arm64-v8", "arm64")


@pytest.mark.parametrize("text", ["charm", "1.2-armor", "x866"])
def test_a_word_that_only_looks_like_one_is_no_architecture(text):
    assert parse_tag(text).architecture == ""
