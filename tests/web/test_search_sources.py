import pytest

from registry_ui.web import search_sources
from registry_ui.web.search_sources import Group, SearchQuery, SearchResult

HEX = "0f4b1c" * 10 + "abcd"


LONG_HEX = "ab" * 64


def test_words_are_lower_case():
    assert SearchQuery.parse("  Team  API ").terms == ("team", "api")


def test_a_tag_follows_the_colon():
    query = SearchQuery.parse("nginx:1.27-Alpine")
    assert (query.terms, query.tag, query.host) == (("nginx",), "1.27-Alpine", "")


def test_a_host_precedes_the_first_slash():
    query = SearchQuery.parse("Registry.Example.com:5000/team/app:1.0")
    assert (query.host, query.terms, query.tag) == (
        "registry.example.com:5000",
        ("team/app",),
        "1.0",
    )
    assert SearchQuery.parse("registry.example.com:5000/").host == "registry.example.com:5000"
    assert SearchQuery.parse("team/app").host == ""


def test_an_address_is_read_as_its_reference():
    query = SearchQuery.parse("https://ghcr.io/acme/api")
    assert (query.host, query.terms) == ("ghcr.io", ("acme/api",))
    assert str(query.reference) == "ghcr.io/acme/api:latest"


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
    query = SearchQuery.parse(text)
    assert query.digest == digest
    assert query.whole_digest == (len(digest) in (71, 135))


@pytest.mark.parametrize(
    "text", ["nginx", HEX[:11], "sha256:0f4b", "sha256:", "deadbeefcafe.", "sha1:0f4b1c0f4b1c"]
)
def test_other_texts_hold_no_digest(text):
    assert SearchQuery.parse(text).digest == ""


def test_a_short_row_of_hex_digits_may_be_a_name_too():
    assert SearchQuery.parse("202611240155").terms == ("202611240155",)
    assert SearchQuery.parse(HEX).terms == ()
    assert SearchQuery.parse(f"sha256:{HEX[:12]}").terms == ()


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
    assert SearchQuery.parse(text).names_image is names


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
    query = SearchQuery.parse(text)
    assert len(query.text) <= 700
    assert query.text.isprintable()


def test_many_words_are_not_all_looked_for():
    assert len(SearchQuery.parse("a " * 300).terms) == 8


@pytest.fixture
def no_sources(monkeypatch):
    monkeypatch.setattr(search_sources.SEARCH_SOURCES, "_items", [])


def late(request, query):
    yield Group(title="late", hits=[SearchResult(url="/late", icon="tag")])


def early(request, query):
    yield Group(title="offer", hits=[SearchResult(url="/offer", icon="tag")], is_suggestion=True)
    yield Group(title="empty", hits=[])
    yield Group(title="early", hits=[SearchResult(url="/early", icon="tag")])


def test_groups_have_the_order_of_their_sources_with_suggestions_last(no_sources):
    search_sources.SEARCH_SOURCES.add(late, order=20)
    search_sources.SEARCH_SOURCES.add(early, order=10)
    search_sources.SEARCH_SOURCES.add(early, order=10)
    assert [group.title for group in search_sources.run_search(None, SearchQuery.parse("x"))] == [
        "early",
        "late",
        "offer",
    ]


def test_no_source_gets_an_empty_query(no_sources):
    search_sources.SEARCH_SOURCES.add(early, order=10)
    assert search_sources.run_search(None, SearchQuery.parse("  ")) == []
