"""The page that exports a mirror between registries."""

import hashlib
import io
import json
import tarfile
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from registry_ui.images.models import LocalImage
from tests.parts.error_texts import stored_error
from transfers.mirrors.models import ItemAction, ItemState, Mirror, MirrorRun
from transfers.models import State

from ..rows import item_row, mirror_row, run_row

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}
DIGEST = "sha256:" + "4f" * 32


@pytest.fixture
def mirror(team):
    return mirror_row(team)


def address(name, mirror) -> str:
    return reverse(f"mirrors:{name}", args=[mirror.pk])


def page(client, mirror) -> str:
    return client.get(address("local_pull", mirror)).content.decode()


def pulled_run(mirror, *tags, **values) -> MirrorRun:
    """Create a run that pulled some tags, and their local images."""
    run = run_row(mirror, state=State.SUCCEEDED, is_local_pull=True, **values)
    for tag in tags:
        item_row(run, tag, ItemAction.NEW, ItemState.DONE, copied_digest=DIGEST)
        names = {"registry": mirror.source_registry.host, "repository": "library/nginx", "tag": tag}
        LocalImage.objects.get_or_create(
            team=mirror.team, **names, defaults={"digest": DIGEST, "image_id": DIGEST, "size": 1}
        )
    return run


def test_the_page_explains_the_pull_first(client_for, bob, mirror):
    plan = run_row(mirror, state=State.SUCCEEDED, is_plan=True)
    for tag in ("1.26", "1.27"):
        item_row(plan, tag)
    item_row(plan, "sha256-" + "0" * 64 + ".sig")
    item_row(plan, "latest", ItemAction.SKIPPED, ItemState.DONE)

    content = page(client_for(bob), mirror)

    for text in (
        "It selected 2 tags when it was last looked at,",
        "company.example.com is neither asked nor changed",
        "Bring here",
        "hub.example.com",
    ):
        assert text in " ".join(content.split()), text
    assert "Download archive" not in content
    assert not MirrorRun.objects.filter(is_local_pull=True).exists()
    assert address("local_pull", mirror) in client_for(bob).get(address("detail", mirror)).text


def test_pulled_images_are_offered_with_their_time(client_for, bob, victor, mirror):
    run = pulled_run(mirror, "1.26", "1.27", age=3600)
    Mirror.objects.filter(pk=mirror.pk).update(updated_at=timezone.now() - timedelta(days=1))

    content = page(client_for(bob), mirror)

    for text in (
        "2 tags are here",
        "1 hour ago",
        address("archive", mirror),
        address("archive_checksum", mirror),
        "Bring again",
        "under Images",
    ):
        assert text in content.replace("\xa0", " "), text
    assert "The rule was changed since" not in content
    run_page = client_for(victor).get(reverse("mirrors:run", args=[run.pk])).text
    for text in ("brought here", "Download archive", "local images"):
        assert text in run_page, text
    assert "Bring again" not in run_page
    assert "Brought here" in client_for(victor).get(address("detail", mirror)).text

    mirror.save()
    assert "The rule was changed since" in page(client_for(bob), mirror)


def test_a_partial_pull_offers_a_retry_and_no_download(client_for, bob, victor, mirror):
    error = stored_error("2 tags failed.", "ItemsFailed")
    run = run_row(
        mirror,
        state=State.FAILED,
        is_local_pull=True,
        error=error,
        totals={"new": 3, "done": 1, "failed": 2},
    )

    content = page(client_for(bob), mirror)

    for text in (
        "not all brought here: The engine build says: 2 tags failed.",
        "no archive of a part",
        reverse("mirrors:retry", args=[run.pk]),
    ):
        assert text in " ".join(content.split()), text
    assert "Download archive" not in content
    assert reverse("mirrors:retry", args=[run.pk]) not in page(client_for(victor), mirror)
    answer = client_for(bob).get(address("archive", mirror), follow=True)
    assert answer.redirect_chain[-1][0] == address("local_pull", mirror)
    assert "have not been brought here yet" in answer.text
    assert "Download archive" not in client_for(bob).get(reverse("mirrors:run", args=[run.pk])).text


def test_after_a_failure_the_earlier_archive_is_offered_with_its_time(client_for, bob, mirror):
    pulled_run(mirror, "1.26", age=7200)
    run_row(
        mirror,
        state=State.FAILED,
        is_local_pull=True,
        age=60,
        error=stored_error("1 tag failed."),
    )
    content = page(client_for(bob), mirror)
    assert "of the time before, whole and as it was" in content
    assert "Download archive" in content

    LocalImage.objects.all().delete()
    content = page(client_for(bob), mirror)
    assert "is not here any more" in content
    assert "Download archive" not in content


def test_cancelling_is_no_failure(client_for, bob, mirror):
    run_row(mirror, state=State.CANCELLED, is_local_pull=True)
    assert "was cancelled" in page(client_for(bob), mirror)


def test_a_polling_page_shows_its_end(client_for, bob, mirror):
    run = pulled_run(mirror, "1.26")
    answer = client_for(bob).get(
        reverse("mirrors:progress", args=[run.pk]), {"seen": "running"}, headers=HTMX
    )
    assert answer.status_code == 286
    assert "Download archive" in answer.text
    assert "Bring again" in answer.text


def test_a_mirror_to_the_local_images_has_its_archive_on_its_page(client_for, bob, mirror):
    Mirror.objects.filter(pk=mirror.pk).update(target_registry=None)
    assert client_for(bob).get(address("local_pull", mirror))["Location"] == address(
        "detail", mirror
    )
    assert (
        "keeps its images here anyway"
        in client_for(bob).post(address("local_pull", mirror), follow=True).text
    )


@pytest.mark.django_db(transaction=True)
def test_a_viewer_downloads_the_archive(
    client_for, victor, registry, own_registry, image_factory, make_mirror, pull_to_local
):
    repository = registry.new_repository()
    image = image_factory(registry, repository, "1.0", layer_size=2000)
    mirror = make_mirror(repository, target=own_registry)
    pull_to_local(mirror)
    client = client_for(victor)

    content = b"".join(client.get(address("archive", mirror)).streaming_content)

    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        (entry,) = json.load(archive.extractfile("index.json"))["manifests"]
    assert entry["digest"] == image.digest
    assert (
        client.get(address("archive_checksum", mirror)).text.split()[0]
        == hashlib.sha256(content).hexdigest()
    )


def test_the_list_for_scripts_has_the_time_of_the_pull(team, mirror, capsys):
    run = pulled_run(mirror, "1.26")
    call_command("mirror", "list", "--json")
    assert json.loads(capsys.readouterr().out)["pulled_at"] == run.finished_at.isoformat()
