from io import StringIO

import pytest
from django.core.management import call_command

from registry_ui.oci.digest import Digest
from tests.images.test_store import damage
from tests.parts.images import build_image


def run(name: str, *arguments: str, **options) -> str:
    out = StringIO()
    call_command(name, *arguments, stdout=out, **options)
    return out.getvalue()


def test_scrub_blobs_exits_with_1_and_names_the_affected_images(pulled, team, capsys):
    built = build_image(layer_size=500)
    pulled(team, "nginx:1", built)
    assert "Every blob is what its name says." in run("scrub_blobs")

    damage(Digest.parse(built.layers[0]))
    out = StringIO()

    with pytest.raises(SystemExit) as ended:
        call_command("scrub_blobs", stdout=out)
    assert ended.value.code == 1
    assert f"Damaged, put into quarantine: {built.layers[0]}" in out.getvalue()
    assert "needed by docker.io/library/nginx:1 (team harbour)" in out.getvalue()

    repaired = run("scrub_blobs", "--repair")
    assert f"In the database, but not on the disk: {built.layers[0]}" in repaired

    pulled(team, "nginx:1", built)
    assert "Every blob is what its name says." in run("scrub_blobs", verbosity=2)
