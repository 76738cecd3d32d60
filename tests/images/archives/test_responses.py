"""Downloads of an export: whole, in part, and again."""

import pytest
from django.urls import reverse

from registry_ui.accounts.models import Action, AuditEvent

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def download(client_for, victor, team, pulled):
    image = pulled(team, "registry.example.com/team/app:1.0")

    def get(method="get", **headers):
        return getattr(client_for(victor), method)(
            reverse("images:export_archive"), {"image": image.pk}, headers=headers
        )

    return get


def content_of(response):
    return b"".join(response.streaming_content)


def test_a_whole_archive_has_its_length_name_and_tag(download):
    answer = download()
    content = content_of(answer)

    assert (answer.status_code, int(answer["Content-Length"])) == (200, len(content))
    assert answer["ETag"]
    assert answer["Accept-Ranges"] == "bytes"
    assert answer["Content-Disposition"].startswith("attachment; filename=")


@pytest.mark.parametrize("value", ["bytes=10-19", "bytes=10-", "bytes=-10"])
def test_a_range_is_that_part_of_the_same_bytes(download, value):
    whole = content_of(download())
    answer = download(Range=value)
    part = content_of(answer)

    start, _dash, end = value.removeprefix("bytes=").partition("-")
    expected = whole[int(start) : int(end) + 1 if end else None] if start else whole[-int(end) :]
    assert (answer.status_code, part) == (206, expected)


def test_a_range_behind_the_end_names_the_size(download):
    size = len(content_of(download()))
    answer = download(Range=f"bytes={size}-")

    assert (answer.status_code, answer["Content-Range"]) == (416, f"bytes */{size}")


def test_a_changed_archive_is_sent_whole(download):
    answer = download(Range="bytes=10-", **{"If-Range": '"another"'})

    assert answer.status_code == 200


def test_one_download_is_one_event_however_often_it_is_resumed(download):
    content_of(download())
    content_of(download(Range="bytes=10-"))
    download("head")

    assert AuditEvent.objects.filter(action=Action.IMAGE_EXPORTED).count() == 1
