import hashlib
import io
import sys

import pytest
from django.core.management import call_command

from registry_ui.images.models import ArchiveUpload, LocalImage
from registry_ui.images.services import find_image
from registry_ui.oci.reference import Reference
from tests.parts import archives
from tests.parts.images import build_image, build_index

pytestmark = pytest.mark.django_db(transaction=True)


INDEX = build_index(
    seed="imported", platforms=["linux/amd64", "linux/arm64"], attestation=True, layer_size=2000
)


OTHER = build_image(seed="other", layer_size=2000)


TWO = archives.tar(
    *archives.layout_members(
        [(INDEX, "docker.io/library/many:2.0"), (archives.GOOD, archives.NAME), (OTHER, "")]
    )
)


@pytest.fixture
def command(team, tmp_path):
    path = tmp_path / "images.tar"

    def call(*arguments, content=TWO) -> str:
        path.write_bytes(content)
        out = io.StringIO()
        call_command("import_images", str(path), *arguments, stdout=out, stderr=out)
        return out.getvalue()

    call.path = path
    return call


def test_the_command_lists_and_imports(command, team):
    assert OTHER.digest in command("--list")
    assert not LocalImage.objects.exists()
    output = command("--name", "many:2.0=a.example.com/many:2", "--name", f"{OTHER.digest}=other:1")
    assert f"Loaded image: a.example.com/many:2  {INDEX.digest}" in output
    assert find_image(team, Reference.parse("other:1")).digest == OTHER.digest
    assert command.path.exists()
    assert not ArchiveUpload.objects.exists()


def test_the_command_keeps_the_names_or_puts_them_under_a_prefix(command, team):
    content = archives.tar(
        *archives.layout_members(
            [(INDEX, "docker.io/library/many:2.0"), (archives.GOOD, archives.NAME)]
        )
    )
    command(content=content)
    command("--prefix", "b.example.com/air", content=content)
    assert {str(row.reference) for row in LocalImage.objects.filter(team=team)} == {
        "docker.io/library/many:2.0",
        archives.NAME,
        "b.example.com/air/many:2.0",
        "b.example.com/air/team/app:1.0",
    }


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--name", "x:1"],
        ["--name", "missing:1=x:1"],
        ["--sha256", "0" * 64, "--name", "many:2.0=x:1"],
    ],
)
def test_the_command_fails_with_a_sentence_and_keeps_nothing(command, team, arguments):
    with pytest.raises(SystemExit) as caught:
        command(*arguments)
    assert caught.value.code == 1
    assert not LocalImage.objects.exists()
    assert not ArchiveUpload.objects.exists()
    assert command.path.exists()


def test_the_checksum_beside_the_file_is_compared(command, team):
    command.path.with_name("images.tar.sha256").write_text(f"{'0' * 64}  images.tar\n")
    with pytest.raises(SystemExit):
        command("--name", "many:2.0=x:1")
    command.path.with_name("images.tar.sha256").write_text(
        f"{hashlib.sha256(TWO).hexdigest()}  images.tar\n"
    )
    command("--name", "many:2.0=x:1")
    assert LocalImage.objects.count() == 1


def test_a_file_that_is_missing_or_a_folder_is_refused(team, tmp_path):
    for path in (tmp_path / "missing.tar", tmp_path):
        with pytest.raises(SystemExit) as caught:
            call_command("import_images", str(path), stderr=io.StringIO())
        assert caught.value.code == 1
    assert not ArchiveUpload.objects.exists()


def test_an_archive_is_read_from_the_standard_input(team, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(TWO)))

    call_command("import_images", "-", "--name", "many:2.0=x:1", stdout=io.StringIO())

    assert find_image(team, Reference.parse("x:1")).digest == INDEX.digest
    assert not ArchiveUpload.objects.exists()


def test_the_only_image_needs_no_name_that_was_found(command, team):
    content = archives.tar(*archives.layout_members([(OTHER, "")]))

    command("--name", "x:1", content=content)

    assert find_image(team, Reference.parse("x:1")).digest == OTHER.digest
