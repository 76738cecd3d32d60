from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from registry_ui.images.services import remove_name
from registry_ui.images.store import blob_directory
from tests.images.test_garbage_collection import age


def run(name: str, *arguments: str, **options) -> str:
    out = StringIO()
    call_command(name, *arguments, stdout=out, **options)
    return out.getvalue()


def test_collect_blobs_reports_what_it_removed(pulled, team):
    image = pulled(team, "nginx:1")
    remove_name(image=image, user=None)
    assert "Removed 0 blobs" in run("collect_blobs")
    age(48)
    assert "Removed 4 blobs" in run("collect_blobs")
    assert list(blob_directory()) == []


def test_collect_blobs_takes_a_grace_period(pulled, team):
    remove_name(image=pulled(team, "nginx:1"), user=None)
    age(2)
    assert "Removed 0 blobs" in run("collect_blobs", "--grace-hours", "3")
    assert "Removed 4 blobs" in run("collect_blobs", "--grace-hours", "1.5")
    with pytest.raises(CommandError):
        run("collect_blobs", "--grace-hours", "-1")
