import pytest

from registry_ui.catalog.artifact_pages.documents import pretty


def test_a_document_is_indented():
    assert pretty(b'{"a":[1,"\xc3\xa9"]}') == '{\n  "a": [\n    1,\n    "é"\n  ]\n}'


@pytest.mark.parametrize("raw", [b"not json", b'{"a":', b"[" * 50_000, b"1" * 5000])
def test_invalid_json_is_shown_as_it_is(raw):
    assert pretty(raw) == raw.decode()


def test_invisible_characters_are_escaped():
    assert "\u202e" not in pretty('{"a": "\u202ex"}'.encode())
    assert "\\ud83d" in pretty(b'{"a": "\\ud83d"}')
    assert pretty(b"\xff\x00") == "\ufffd\\u0000"


@pytest.mark.parametrize("raw", [b'"' + b"x" * 100_000 + b'"', b"[" + b"[]," * 33_000 + b"[]]"])
def test_a_long_document_has_no_text(raw):
    assert len(pretty(raw)) <= 300_000
