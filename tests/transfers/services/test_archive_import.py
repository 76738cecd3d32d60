import pytest
from django.core.exceptions import PermissionDenied

from registry_ui.images.models import ArchiveUpload
from registry_ui.oci.errors import InvalidReference
from registry_ui.oci.reference import Reference
from transfers.models import Kind, State, Transfer
from transfers.services.archive_import import ImportedName, start_import

pytestmark = pytest.mark.django_db

ONE, TWO = f"sha256:{'a' * 64}", f"sha256:{'b' * 64}"


def named(digest, name):
    return ImportedName(digest, Reference.parse(name))


@pytest.fixture
def upload(team, alice):
    return ArchiveUpload.objects.create(
        team=team, name="images.tar", size=10, images=[{"digest": ONE}, {"digest": TWO}]
    )


def test_the_names_are_kept_by_image_and_the_first_one_is_shown(upload, bob):
    names = [named(ONE, "app:1"), named(TWO, "tool:1"), named(ONE, "app:latest")]

    row = start_import(upload=upload, user=bob, names=names, enqueue=False)

    assert (row.kind, row.team, row.target) == (
        Kind.IMPORT,
        upload.team,
        str(Reference.parse("app:1")),
    )
    assert row.options["upload"] == str(upload.pk)
    assert [image["digest"] for image in row.options["images"]] == [ONE, TWO]
    assert [len(image["names"]) for image in row.options["images"]] == [2, 1]


@pytest.mark.parametrize(
    ("names", "code"),
    [
        ([], "no_archive_image_chosen"),
        ([named(f"sha256:{'c' * 64}", "app:1")], "archive_image_unknown"),
        ([ImportedName(ONE, Reference("docker.io", "library/app"))], "import_name_without_tag"),
        ([named(ONE, "app:1"), named(TWO, "app:1")], "import_name_twice"),
    ],
)
def test_a_bad_choice_starts_nothing(upload, bob, names, code):
    with pytest.raises(InvalidReference) as raised:
        start_import(upload=upload, user=bob, names=names, enqueue=False)

    assert raised.value.code == code
    assert not Transfer.objects.exists()


def test_one_archive_is_imported_by_one_job_at_a_time(upload, bob):
    names = [named(ONE, "app:1")]
    first = start_import(upload=upload, user=bob, names=names, enqueue=False)
    with pytest.raises(InvalidReference) as raised:
        start_import(upload=upload, user=bob, names=names, enqueue=False)
    assert raised.value.code == "archive_import_running"

    Transfer.objects.filter(pk=first.pk).update(state=State.FAILED)
    assert start_import(upload=upload, user=bob, names=names, enqueue=False).pk != first.pk


def test_a_viewer_imports_nothing(upload, victor):
    with pytest.raises(PermissionDenied):
        start_import(upload=upload, user=victor, names=[named(ONE, "app:1")], enqueue=False)
