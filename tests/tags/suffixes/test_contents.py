import pytest

from registry_ui.tags import Role, parse_tag
from registry_ui.tags.suffixes.contents import CONTENTS


@pytest.mark.parametrize(
    ("text", "name", "release"),
    [
        ("21-jdk", "jdk", ""),
        ("3.9-openjdk17", "jdk", "17"),
        ("3.9-jre17", "jre", "17"),
        ("3.9-eclipse-temurin-21", "temurin", "21"),
        ("6.7-php8.3", "php", "8.3"),
        ("1.0-python3.12.1", "php", "3.12.1"),
        ("1.27-perl", "perl", ""),
        ("2.5.1-cuda12.4", "cuda", "12.4"),
        ("2.5.1-cu124", "cuda", "124"),
        ("2.5.1-cudnn9", "cudnn", "9"),
        ("1.0-rocm6.2", "rocm", "6.2"),
        ("1.0-gpu", "rocm", ""),
    ],
)
def test_a_content_is_named_with_the_number_behind_it(text, name, release):
    piece = parse_tag(text).pieces[-1]

    assert (piece.role, piece.name, piece.release) == (Role.VARIANT, name, release)


@pytest.mark.parametrize("text", ["1.0-jdkish", "1.0-runtimes", "1.0-nodes", "1.0-cudax"])
def test_a_word_that_only_begins_like_a_content_is_another_word(text):
    assert parse_tag(text).pieces[-1].role is Role.WORD


def test_no_content_makes_a_tag_a_prerelease_or_a_system():
    for suffix in CONTENTS:
        assert suffix.role is Role.VARIANT
        assert not suffix.unstable
        assert not suffix.family
