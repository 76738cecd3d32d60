import pytest

from registry_ui.oci.untrusted_text import LONGEST, TextReader, escape_invisible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("two\r\nlines\tand a tab", "two\nlines\tand a tab"),
        ("\x1b[31mred\x00", "\\u001b[31mred\\u0000"),
        ("\u202egnirts\u2066", "\\u202egnirts\\u2066"),
        ("half \ud83d of one", "half \\ud83d of one"),
        ("שלום", "שלום"),
    ],
)
def test_invisible_characters_are_written_out(text, shown):
    assert escape_invisible(text) == shown


def test_a_long_text_is_cut_and_marked():
    reader = TextReader()

    assert reader.text("x" * LONGEST) == "x" * LONGEST
    assert not reader.is_cut
    assert reader.text("x" * (LONGEST + 1)) == "x" * LONGEST + "…"
    assert reader.is_cut


def test_a_document_gives_only_so_many_characters_and_entries():
    reader = TextReader()

    pairs = reader.pairs({f"{number:04}": "x" * LONGEST for number in range(10_000)})

    assert len(pairs) == 500
    assert sum(len(key) + len(value) for key, value in pairs) < 410_000
    assert reader.is_cut


@pytest.mark.parametrize("value", [None, 7, "text", {"a": 1}, [1, None, {"a": "b"}]])
def test_other_shapes_are_empty(value):
    reader = TextReader()

    assert reader.pairs(value) == []
    assert reader.text(value if value != "text" else 7) == ""
    assert not reader.is_cut
