import pytest

from registry_ui.tags import Kind, Movement, Role, describe_risk, explain_tag, parse_tag
from registry_ui.tags.explanations import PRERELEASE_MEANING, ROLE_LABELS

from .corpus import ROWS


@pytest.mark.parametrize(
    "text",
    [
        "latest",
        "stable",
        "1",
        "1.27",
        "1.27-alpine",
        "alpine",
        "24.04",
        "3.14-rc",
        "1.2.3-SNAPSHOT",
        "pr-17",
    ],
)
def test_names_that_move_float_and_carry_a_risk(text):
    assert parse_tag(text).is_floating
    assert describe_risk(parse_tag(text))


@pytest.mark.parametrize(
    "text",
    [
        "1.27.3",
        "1.27.3-alpine",
        "noble-20241015",
        "sha-4f2a9c1",
        "3.14.0rc2",
        "8u432-b06-jdk",
        "nightly-20241101",
        "4711",
    ],
)
def test_versions_in_full_dates_and_commits_are_pinned_by_convention(text):
    assert parse_tag(text).movement is Movement.PINNED
    assert describe_risk(parse_tag(text)) == ""


def test_a_word_of_its_makers_is_neither_floating_nor_pinned():
    tag = parse_tag("feature-login")
    assert (tag.kind, tag.movement) == (Kind.NAME, Movement.UNKNOWN)
    assert "up to whoever publishes it" in describe_risk(tag)


def test_the_risk_of_latest_names_the_cause():
    assert "another image after each release" in describe_risk(parse_tag("latest"))


def test_every_piece_but_other_words_has_an_explanation_with_advice():
    for _image, text, _expected in ROWS:
        for explanation in explain_tag(parse_tag(text)):
            assert explanation.meaning
            has_no_row = explanation.role is Role.WORD or explanation.meaning == PRERELEASE_MEANING
            assert has_no_row or (
                explanation.use_case and explanation.drawback and explanation.name
            ), text


def test_roles_all_have_a_label():
    assert set(ROLE_LABELS) == set(Role)
