"""An upload in a real browser that is killed and continued."""

import os
import re

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from registry_ui.images.archives import archive_uploads
from registry_ui.images.models import ArchiveUpload
from tests.parts import archives

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PIECE = 8 * 1024 * 1024


@pytest.fixture
def large(tmp_path):
    """An archive of three chunks."""
    path = tmp_path / "images.tar"
    members = archives.layout_members([(archives.GOOD, archives.NAME)])
    path.write_bytes(archives.tar(*members, archives.entry("filler", os.urandom(2 * PIECE + 1000))))
    return path


def choose(page, live_server, path):
    page.goto(live_server.url + reverse("images:import"))
    page.get_by_label("Archive", exact=True).set_input_files(path)
    page.get_by_role("button", name="Upload").click()


def test_an_upload_continues_after_the_browser_was_killed(live_server, page, sign_in, bob, large):
    sign_in(bob)
    pieces: list[str] = []

    def cut(route):
        pieces.append(route.request.headers["upload-offset"])
        route.continue_() if len(pieces) == 1 else route.abort()

    page.route("**/content/", cut)
    choose(page, live_server, large)
    expect(
        page.get_by_text("The connection was lost; the upload goes on as soon as it is back.")
    ).to_be_visible(timeout=60_000)
    context = page.context
    page.close()
    assert archive_uploads.received_bytes(ArchiveUpload.objects.get()) == PIECE

    again = context.new_page()
    sent: list[str] = []
    again.on(
        "request",
        lambda request: (
            sent.append(request.headers["upload-offset"]) if request.method == "PATCH" else None
        ),
    )
    choose(again, live_server, large)
    again.wait_for_url(re.compile("/transfers/import/"), timeout=60_000)

    assert sent == [str(PIECE), str(2 * PIECE)]
    assert ArchiveUpload.objects.get().images[0]["digest"] == archives.GOOD.digest

    expect(again.get_by_label(f"Name here of {archives.NAME}")).to_have_value(archives.NAME)


def test_a_refused_upload_shows_the_error_and_sends_nothing(
    live_server, page, sign_in, bob, large, settings
):
    settings.ARCHIVE_LIMIT = 1024
    sign_in(bob)
    choose(page, live_server, large)
    expect(page.get_by_text("The file is larger than")).to_be_visible(timeout=30_000)
    assert not ArchiveUpload.objects.exists()
