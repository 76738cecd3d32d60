import pytest

from registry_ui.web.errors import describe
from transfers.mirrors.selection import Selection
from transfers.mirrors.selection_document import InvalidSelection


@pytest.mark.parametrize(
    ("document", "member"),
    [
        ({"match": "("}, "match"),
        ({"versions": "1 || 2"}, "versions"),
        ({"newest": -1}, "newest"),
        ({"newest": "3"}, "newest"),
        ({"per": "day"}, "per"),
        ({"newer_than": "yesterday"}, "newer_than"),
        ({"tags": "latest"}, "tags"),
        ({"tags": ["a b"]}, "tags"),
        ({"nonsense": 1}, "tags"),
        ([], "tags"),
    ],
)
def test_an_invalid_selection_names_the_member(document, member):
    with pytest.raises(InvalidSelection) as caught:
        Selection.parse(document)
    assert caught.value.field == member
    assert describe(caught.value).sentence
