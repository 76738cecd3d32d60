import io

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from tests.transfers.mirrors.mirror_files import REGSYNC, SKOPEO
from tests.transfers.mirrors.rows import mirror_row
from transfers.mirrors.models import Mirror

pytestmark = pytest.mark.django_db


def mirror(*arguments):
    """Return exit status and all output."""
    out = io.StringIO()
    try:
        call_command("mirror", *arguments, stdout=out, stderr=out)
    except SystemExit as exc:
        return int(exc.code or 0), out.getvalue()
    except CommandError as exc:
        return exc.returncode, f"{out.getvalue()}{exc}"
    return 0, out.getvalue()


@pytest.fixture
def file(tmp_path):
    def write(text):
        path = tmp_path / "rules.yml"
        path.write_text(text)
        return str(path)

    return write


def test_import_prints_created_and_failed_entries(registries, file):
    status, out = mirror("import", file(REGSYNC))

    assert status == 1
    assert Mirror.objects.count() == 3
    assert "3 of 8 mirrors were made." in out
    assert "ratelimit is not carried over." in out
    assert "elsewhere.example.com" in out


def test_a_dry_run_creates_nothing(registries, file):
    mirror("import", file(REGSYNC), "--dry-run")

    assert not Mirror.objects.exists()


def test_skopeos_file_needs_a_target(registries, file, team):
    assert mirror("import", file(SKOPEO))[0] == 1
    assert not Mirror.objects.exists()

    assert mirror("import", file(SKOPEO), "--target", "company.example.com")[0] == 0
    assert {row.target_host for row in Mirror.objects.all()} == {"company.example.com"}
    assert mirror("import", file(SKOPEO), "--target", "nowhere.example.com")[0] == 1


def test_an_export_is_imported_again(registries, team, monkeypatch):
    mirror_row(team, source=registries["Hub"], target=registries["Company"])
    status, out = mirror("export")
    Mirror.objects.all().delete()
    monkeypatch.setattr("sys.stdin", io.StringIO(out))

    assert (status, mirror("import", "-")[0]) == (0, 0)
    assert Mirror.objects.get().name == "Nightly"


@pytest.mark.parametrize("text", ["", "no rules", "[" * 1000])
def test_an_invalid_file_ends_with_a_sentence(team, file, text):
    status, out = mirror("import", file(text))

    assert status == 1
    assert out


def test_a_missing_file(team, tmp_path):
    assert mirror("import", str(tmp_path / "missing.yml"))[0] == 1
