"""Local images whose tag moved on its registry: marked, and pulled again."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from registry_ui.catalog.indexing import index_services as index_services
from registry_ui.catalog.models import Tag
from registry_ui.images.models import LocalImage
from registry_ui.images.newer_images import find_newer
from registry_ui.images.services import tag_image
from registry_ui.oci.digest import Digest
from registry_ui.oci.manifest import OCI_INDEX
from registry_ui.oci.reference import Reference
from registry_ui.registries.models import Registry, Security
from tests.parts.error_texts import stored_error
from tests.parts.images import build_image, build_index, push
from tests.parts.index_rows import digest_of, make_repository
from transfers import services
from transfers.models import Kind, Transfer

pytestmark = pytest.mark.django_db

LIST = "/images/"
MOVED = digest_of("the newer image")


@pytest.fixture
def hub(team):
    return Registry.objects.get(team=team, host="docker.io")


@pytest.fixture
def nginx(pulled, team, alice):
    return pulled(team, "docker.io/library/nginx:1.27", user=alice)


@pytest.fixture
def index_has(hub):
    """A function that sets the indexed tag docker.io/library/nginx:1.27.

    It was indexed just now unless the arguments say otherwise.
    """

    def has(
        digest,
        *,
        previous="",
        checked=None,
        changed=None,
        registry=None,
        repository="library/nginx",
        tag="1.27",
    ):
        rows = make_repository(registry or hub, repository, {tag: None})
        now = timezone.now() + timedelta(minutes=1)
        rows.tags.update(
            digest=digest,
            previous_digest=previous,
            checked_at=checked or now,
            **({"changed_at": changed} if changed else {}),
        )
        return rows.tags.get()

    return has


@pytest.fixture
def found(team):
    def find():
        rows = LocalImage.objects.filter(team=team)
        return [str(newer.image.reference) for newer in find_newer(list(rows), rows).values()]

    return find


def test_a_tag_that_moved_marks_the_image(nginx, index_has, found):
    index_has(MOVED, previous=nginx.digest)
    assert found() == ["docker.io/library/nginx:1.27"]


def test_a_tag_that_was_not_seen_before_the_pull_marks_it_too(nginx, index_has, found):
    index_has(MOVED)
    assert found() == ["docker.io/library/nginx:1.27"]


def test_the_same_image_is_not_marked(nginx, index_has, found):
    index_has(nginx.digest)
    assert found() == []


def test_one_platform_is_compared_by_the_index_that_it_came_from(nginx, index_has, found):
    LocalImage.objects.update(source_digest=digest_of("index"))
    tag = index_has(digest_of("index"))
    assert found() == []
    Tag.objects.filter(pk=tag.pk).update(digest=MOVED)
    assert found() == ["docker.io/library/nginx:1.27"]


def test_a_pushed_image_is_not_newer(nginx, index_has, found):
    LocalImage.objects.update(source_digest=digest_of("index"))
    index_has(nginx.digest)
    assert found() == []


def test_an_index_run_before_the_pull_marks_nothing(nginx, index_has, found):
    """The tag moved, it was pulled, and the index has the old image still."""
    before = timezone.now() - timedelta(hours=1)
    index_has(digest_of("the older image"), checked=before, changed=before)
    assert found() == []


def test_a_tag_that_failed_to_index_keeps_its_mark(nginx, index_has, found):
    tag = index_has(MOVED, previous=nginx.digest, changed=timezone.now() + timedelta(minutes=1))
    Tag.objects.filter(pk=tag.pk).update(
        checked_at=None, problem=stored_error("The registry does not answer.")
    )
    assert found() == ["docker.io/library/nginx:1.27"]


def test_a_tag_without_a_digest_marks_nothing(nginx, index_has, found):
    index_has("")
    assert found() == []


def test_a_local_name_for_another_image_is_not_marked(nginx, team, hub, index_has, found):
    name = Reference.parse("docker.io/acme/web:1")
    tag_image(team=team, user=None, source=nginx.reference, target=name)
    tag = index_has(MOVED, repository="acme/web", tag="1")
    assert found() == []
    Tag.objects.filter(pk=tag.pk).update(previous_digest=nginx.digest)
    assert found() == ["docker.io/acme/web:1"]


def test_an_image_without_a_tag_is_never_newer(pulled, team, index_has, found):
    built = build_image(seed="pinned")
    pulled(team, f"docker.io/library/nginx@{built.digest}", built)
    index_has(MOVED)
    assert found() == []


def test_another_registry_repository_or_team_marks_nothing(
    nginx, team, other_team, index_has, found
):
    index_has(MOVED, registry=Registry.objects.get(team=other_team, host="docker.io"))
    index_has(
        MOVED, registry=Registry.objects.create(team=team, name="Ours", host="registry.example.com")
    )
    index_has(MOVED, repository="acme/nginx")
    index_has(MOVED, tag="1.28")
    assert found() == []


# --- pulling again


@pytest.mark.parametrize(
    ("columns", "choice", "platform"),
    [
        ({}, "selected", "linux/amd64"),
        ({"media_type": OCI_INDEX}, "all", "all"),
        ({"platforms": [{"platform": "linux/arm/v7"}]}, "selected", "linux/arm/v7"),
        ({"platforms": [{"platform": "linux/amd64"}, {"platform": "linux/arm64"}]}, "all", "all"),
        ({"platforms": [{"platform": ""}]}, "machine", ""),
        ({"platforms": []}, "machine", ""),
    ],
)
def test_the_same_platform_is_pulled_again(nginx, index_has, columns, choice, platform):
    index_has(MOVED)
    LocalImage.objects.update(**columns)
    rows = LocalImage.objects.all()
    (newer,) = find_newer(list(rows), rows).values()
    assert (newer.platform_choice, newer.platform) == (choice, platform)


def test_one_click_starts_the_pull(client_for, bob, nginx, index_has):
    index_has(MOVED, previous=nginx.digest)
    client = client_for(bob)
    form = re.search(
        r'<form method="post"\s+action="/transfers/pull/".*?</form>',
        client.get(LIST).text,
        re.DOTALL,
    )[0]
    fields = dict(
        re.findall(r'name="(reference|platform_choice|platform)"\s+value="([^"]*)"', form)
    )
    response = client.post("/transfers/pull/", fields)
    transfer = Transfer.objects.get()
    assert response.status_code == 302
    assert response.headers["Location"] == reverse("transfers:detail", args=[transfer.pk])
    assert (transfer.kind, transfer.source, transfer.platform) == (
        Kind.PULL,
        "docker.io/library/nginx:1.27",
        "linux/amd64",
    )


# --- display


def test_the_list_marks_it_and_can_show_these_only(client_for, bob, team, pulled, nginx, index_has):
    pulled(team, "docker.io/library/redis:7")
    moved_at = timezone.now() - timedelta(hours=3)
    index_has(MOVED, previous=nginx.digest, changed=moved_at)
    client = client_for(bob)
    text = client.get(LIST).text
    assert "Newer under 1.27" in text
    assert "3 hours ago" in text
    assert f"Pulled: {nginx.digest}. On the registry now: {MOVED}." in text
    assert text.count("<tr>") == 3

    only = client.get(LIST, {"newer": "1"}).text
    assert only.count("<tr>") == 2
    assert "redis" not in only.partition("<tbody")[2]
    assert re.search(r'name="newer"\s+value="1"\s+checked', only)


def test_the_filter_combines_with_the_search(client_for, bob, nginx, index_has):
    index_has(MOVED)
    assert (
        "No image has such a name" in client_for(bob).get(LIST, {"newer": "1", "q": "redis"}).text
    )


def test_the_images_page_shows_both_digests(client_for, bob, hub, nginx, index_has):
    index_has(MOVED, previous=nginx.digest)
    text = client_for(bob).get(reverse("images:detail", args=[nginx.pk])).text
    assert "Newer image under 1.27 on docker.io" in text
    for digest in (nginx.digest, MOVED):
        assert Digest.parse(digest).short in text
    assert reverse("registries:image_by_tag", args=[hub.pk, "library/nginx", "1.27"]) in text
    assert "Pull docker.io" not in text
    assert 'aria-label="Pull nginx:1.27 again"' in text


def test_the_two_images_can_be_compared(client_for, bob, nginx, index_has):
    index_has(MOVED)
    text = client_for(bob).get(reverse("images:detail", args=[nginx.pk])).text
    sides = {
        "left": f"docker.io/library/nginx@{nginx.digest}",
        "right": f"docker.io/library/nginx@{MOVED}",
    }
    assert f"{reverse('registries:compare')}?{urlencode(sides)}".replace("&", "&amp;") in text


def test_an_up_to_date_image_is_not_marked(client_for, bob, nginx, index_has):
    index_has(nginx.digest)
    assert (
        "Newer image under"
        not in client_for(bob).get(reverse("images:detail", args=[nginx.pk])).text
    )


def test_a_viewer_sees_the_mark_without_the_button(client_for, victor, nginx, index_has):
    index_has(MOVED)
    for path in (LIST, reverse("images:detail", args=[nginx.pk])):
        text = client_for(victor).get(path).text.partition("<main")[2]
        assert "under 1.27" in text
        assert "/transfers/pull/" not in text


def test_the_overview_counts_them(client_for, bob, nginx, index_has):
    index_has(MOVED)
    text = client_for(bob).get("/").text
    assert "One name has a newer image on its registry under the same tag" in text
    assert 'href="/images/?newer=1"' in text


def test_the_whole_list_takes_one_query_more(client_for, bob, team, pulled, nginx, index_has):
    index_has(MOVED)
    client = client_for(bob)

    def count():
        with CaptureQueriesContext(connection) as queries:
            client.get(LIST)
        assert len([query for query in queries if "catalog_tag" in query["sql"]]) == 1
        return len(queries)

    before = count()
    for number in range(5):
        pulled(team, f"docker.io/acme/app:{number}")
        index_has(MOVED, repository=f"acme/app-{number}", tag="1")

    assert count() == before <= 12


def test_an_image_of_several_platforms_is_pulled_with_all_of_them(
    client_for, bob, team, pulled, index_has
):
    pulled(
        team, "docker.io/library/nginx:1.27", build_index(platforms=["linux/amd64", "linux/arm64"])
    )
    index_has(MOVED)
    assert re.search(r'name="platform_choice"\s+value="all"', client_for(bob).get(LIST).text)


@pytest.mark.django_db(transaction=True)
def test_a_tag_that_moved_on_a_real_registry_is_marked_and_pulled_again(
    client_for, bob, team, registry, image_factory, found
):
    ours = Registry.objects.create(
        team=team, name="Ours", host=registry.host, security=Security.PLAIN_HTTP
    )
    repository = registry.new_repository()
    push(registry, image_factory.build_image(layer_size=500), repository, "1.0")
    name = Reference.parse(f"{registry.host}/{repository}:1.0")
    services.run_in_process(services.start_pull(team=team, user=bob, reference=name, enqueue=False))
    assert found() == []

    newer = image_factory.build_image(layer_size=500)
    push(registry, newer, repository, "1.0")
    index_services.add_repository(registry=ours, user=bob, name=repository)
    index_services.run_index_inline(
        index_services.start_index(registry=ours, user=bob, repository=repository, enqueue=False)
    )
    assert found() == [str(name)]

    client = client_for(bob)
    form = re.search(
        r'<form method="post"\s+action="/transfers/pull/".*?</form>',
        client.get(LIST).text,
        re.DOTALL,
    )[0]
    client.post(
        "/transfers/pull/",
        dict(re.findall(r'name="(reference|platform_choice|platform)"\s+value="([^"]*)"', form)),
    )
    services.run_in_process(Transfer.objects.get(state="queued"))
    assert LocalImage.objects.get().digest == newer.digest
    assert found() == []
