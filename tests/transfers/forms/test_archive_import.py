import pytest

from registry_ui.oci.reference import Reference
from tests.transfers.archive_upload_rows import inspected_row
from transfers.forms.archive_import import ImportNamesForm, prefixed_name

pytestmark = pytest.mark.django_db


@pytest.fixture
def upload(team):
    return inspected_row(team, ["docker.io/library/app:1", "docker.io/library/app:latest"], [])


def chosen(form):
    return [(image.digest, image.name.familiar) for image in form.imported_names()]


def test_each_name_has_a_field_and_an_image_without_one_has_an_empty_field(upload):
    rows = ImportNamesForm(upload=upload).rows()

    assert [row.field.value() for row in rows] == ["app:1", "app:latest", ""]
    assert [row.image["digest"] for row in rows] == [
        upload.images[0]["digest"],
        upload.images[0]["digest"],
        upload.images[1]["digest"],
    ]


def test_an_empty_field_leaves_the_image_out(upload):
    form = ImportNamesForm({"name_0": "shop:1", "name_1": "", "name_2": ""}, upload=upload)

    assert form.is_valid(), form.errors
    assert chosen(form) == [(upload.images[0]["digest"], "shop:1")]


def test_a_prefix_takes_the_place_of_the_registry(upload):
    form = ImportNamesForm(
        {"name_prefix": "lab.example/web/", "name_0": "app:1", "name_2": "q.example/a/b:2"},
        upload=upload,
    )

    assert form.is_valid(), form.errors
    assert [name for _digest, name in chosen(form)] == [
        "lab.example/web/app:1",
        "lab.example/web/a/b:2",
    ]


@pytest.mark.parametrize(
    ("values", "field"),
    [({"name_0": "Not A Name"}, "name_0"), ({"name_prefix": "lab.example/WEB"}, "name_prefix")],
)
def test_a_bad_name_is_an_error_of_its_field(upload, values, field):
    assert list(ImportNamesForm(values, upload=upload).errors) == [field]


def test_a_digest_stays_in_a_name_with_a_prefix(upload):
    digest = f"sha256:{'d' * 64}"
    form = ImportNamesForm(
        {"name_prefix": "lab.example", "name_0": f"app@{digest}", "name_1": f"app:1@{digest}"},
        upload=upload,
    )

    # Without it the service could not refuse the names.
    assert form.is_valid(), form.errors
    assert [name for _digest, name in chosen(form)] == [
        f"lab.example/app@{digest}",
        f"lab.example/app:1@{digest}",
    ]


def test_without_a_prefix_a_name_stays_as_it_is():
    name = Reference.parse("q.example/a/b:2")

    assert prefixed_name("", name) == name
    assert str(prefixed_name("lab.example", name)) == "lab.example/a/b:2"
