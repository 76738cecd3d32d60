import pytest
from django.urls import reverse

from registry_ui.images.models import ArchiveUpload
from tests.transfers.archive_upload_rows import inspected_row
from transfers.models import Kind, Transfer

pytestmark = pytest.mark.django_db


@pytest.fixture
def upload(team):
    return inspected_row(team, ["docker.io/library/app:1"])


def url(upload):
    return reverse("transfers:import_archive", args=[upload.pk])


def test_the_chosen_names_start_an_import(client_for, bob, upload):
    answer = client_for(bob).post(url(upload), {"name_0": "shop/app:1"})

    row = Transfer.objects.get()
    assert answer.url == reverse("transfers:detail", args=[row.pk])
    assert (row.kind, row.user, row.options["upload"]) == (Kind.IMPORT, bob, str(upload.pk))


def test_no_choice_is_an_error_and_keeps_the_archive(client_for, bob, upload):
    answer = client_for(bob).post(url(upload), {"name_0": ""})

    assert answer.status_code == 422
    assert not Transfer.objects.exists()
    assert ArchiveUpload.objects.filter(pk=upload.pk).exists()


def test_viewers_and_outsiders_do_not_get_the_form(client_for, victor, charlie, upload):
    assert client_for(victor).get(url(upload)).status_code == 403
    assert client_for(charlie).get(url(upload)).status_code == 404


def test_an_upload_that_is_not_whole_is_continued_first(client_for, bob, upload):
    ArchiveUpload.objects.update(images=None)

    answer = client_for(bob).get(url(upload))

    assert (answer.status_code, answer.url) == (302, reverse("images:import"))


def test_a_file_of_the_command_line_has_no_page(client_for, bob, upload):
    ArchiveUpload.objects.update(path="/srv/images.tar")

    assert client_for(bob).get(url(upload)).status_code == 404
