import io
import json

import pytest
from django.core.management import call_command

pytestmark = pytest.mark.django_db(transaction=True)


def call_mirror(*arguments: str) -> tuple[int, str, str]:
    """Return exit status, output and errors."""
    out, err = io.StringIO(), io.StringIO()
    try:
        call_command("mirror", *arguments, stdout=out, stderr=err)
    except SystemExit as exc:
        return int(exc.code or 0), out.getvalue(), err.getvalue()
    return 0, out.getvalue(), err.getvalue()


def test_list_as_json(make_mirror):
    mirror = make_mirror("tests/app", name="nightly")
    status, output, _errors = call_mirror("list", "--json")
    assert status == 0
    document = json.loads(output)
    assert (document["id"], document["name"], document["paused"]) == (
        str(mirror.pk),
        "nightly",
        False,
    )


def test_an_unknown_mirror_lists_the_existing_ones(make_mirror):
    make_mirror("tests/app", name="nightly")
    status, _output, errors = call_mirror("run", "weekly")
    assert status == 1
    assert "weekly" in errors
    assert "nightly" in errors
