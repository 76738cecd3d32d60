import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from transfers.mirrors.files.yaml_document import MAX_FILE_LENGTH

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"text": "no rules"},
        {"file": SimpleUploadedFile("x", b"\xff\xfe")},
        {"text": "x" * (MAX_FILE_LENGTH + 1)},
    ],
)
def test_an_invalid_file_is_reported(client_for, alice, values):
    assert client_for(alice).post(reverse("mirrors:import"), values).status_code == 422
