"""What was typed, taken apart."""

import pytest

from registry_ui.web import searching
from registry_ui.web.searching import Group, Hit, Question

HEX = "0f4b1c" * 10 + "abcd"
LONG_HEX = "ab" * 64


def test_words_are_lower_case():
    assert Question.parse("  Team  API ").words == ("team", "api")


def test_a_tag_stands_behind_the_colon():
    question = Question.parse("nginx:1.27-Alpine")
    assert (question.words, question.tag, question.host) == (("nginx",), "1.27-Alpine", "")


def test_a_host_stands_before_the_first_slash():
    question = Question.parse("Registry.Example.com:5000/team/app:1.0")
    assert (question.host, question.words, question.tag) == (
        "registry.example.com:5000",
        ("team/app",),
        "1.0",
    )
    assert Question.parse("registry.example.com:5000/").host == "registry.example.com:5000"
    assert Question.parse("team/app").host == ""


def test_an_address_is_read_as_what_it_leads_to():
    question = Question.parse("https://ghcr.io/acme/api")
    assert (question.host, question.words) == ("ghcr.io", ("acme/api",))
    assert str(question.reference) == "ghcr.io/acme/api:latest"


@pytest.mark.parametrize(
    ("text", "digest"),
    [
        (f"sha256:{HEX}", f"sha256:{HEX}"),
        (f"SHA256:{HEX.upper()}", f"sha256:{HEX}"),
        (HEX, f"sha256:{HEX}"),
        (f"sha512:{LONG_HEX}", f"sha512:{LONG_HEX}"),
        (LONG_HEX, f"sha512:{LONG_HEX}"),
        (HEX[:12], f"sha256:{HEX[:12]}"),
        ("sha256:0f4b1c", "sha256:0f4b1c"),
        (f"ghcr.io/acme/api:1.0@sha256:{HEX}", f"sha256:{HEX}"),
        (f"nginx@sha256:{HEX[:20]}", f"sha256:{HEX[:20]}"),
    ],
)
def test_a_digest_is_found_in_the_text(text, digest):
    question = Question.parse(text)
    assert question.digest == digest
    assert question.whole_digest == (len(digest) in (71, 135))


@pytest.mark.parametrize(
    "text", ["nginx", HEX[:11], "sha256:0f4b", "sha256:", "deadbeefcafe.", "sha1:0f4b1c0f4b1c"]
)
def test_other_texts_hold_no_digest(text):
    assert Question.parse(text).digest == ""


def test_a_short_row_of_hex_digits_may_be_a_name_too():
    assert Question.parse("202611240155").words == ("202611240155",)
    assert Question.parse(HEX).words == ()
    assert Question.parse(f"sha256:{HEX[:12]}").words == ()


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("nginx", False),
        ("acme/api", False),
        ("two words", False),
        ("nginx:1.27", True),
        ("ghcr.io/acme/api", True),
        (f"api@sha256:{HEX}", True),
    ],
)
def test_an_image_is_named_by_more_than_words(text, names):
    assert Question.parse(text).names_image is names


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "\x00",
        ":",
        "/",
        "@",
        "::",
        "//",
        "a:",
        ":a",
        "a b:c d",
        "[::1]:5000/x",
        "\u202e",
        "x" * 5000,
        "://",
        "-./..",
    ],
)
def test_no_text_is_refused(text):
    question = Question.parse(text)
    assert len(question.text) <= 700
    assert question.text.isprintable()


def test_many_words_are_not_all_looked_for():
    assert len(Question.parse("a " * 300).words) == 8


@pytest.fixture
def no_sources(monkeypatch):
    monkeypatch.setattr(searching, "_registered", [])


def late(request, question):
    yield Group(title="late", hits=[Hit(url="/late", icon="tag")])


def early(request, question):
    yield Group(title="offer", hits=[Hit(url="/offer", icon="tag")], is_offer=True)
    yield Group(title="empty", hits=[])
    yield Group(title="early", hits=[Hit(url="/early", icon="tag")])


def test_groups_stand_in_the_order_of_their_sources_and_offers_last(no_sources):
    searching.register_source(20, late)
    searching.register_source(10, early)
    searching.register_source(10, early)
    assert [group.title for group in searching.answer(None, Question.parse("x"))] == [
        "early",
        "late",
        "offer",
    ]


def test_nobody_is_asked_an_empty_question(no_sources):
    searching.register_source(10, early)
    assert searching.answer(None, Question.parse("  ")) == []
