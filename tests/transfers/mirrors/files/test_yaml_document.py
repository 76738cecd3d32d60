import pytest

from registry_ui.web.errors import describe
from transfers.mirrors.files import read_file
from transfers.mirrors.files.yaml_document import InvalidFile

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "text",
    [
        "",
        "just text",
        "- a\n- b",
        "a: {b: [",
        "a: &x [1]\nb: [*x, *x]",
        "a: &a {k: v}\nsync:\n  - <<: *a",
        "!!python/object/apply:os.system ['true']",
        "[" * 5000,
        "{a: " * 2000,
        "\x00",
        "sync: text",
        "x" * 300_000,
    ],
)
def test_an_invalid_file_is_refused(team, text):
    with pytest.raises(InvalidFile) as caught:
        read_file(text, team=team)

    assert describe(caught.value).advice
