"""The search for a digest."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from registry_ui.catalog.models import Artifact
from registry_ui.oci.digest import Digest
from registry_ui.registries.models import Registry
from tests.parts.index_rows import digest_of, make_image, make_index, make_repository

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db]

NAMED = "Tags that name this digest"
CHILD = "Indexes that contain this image"
IMAGE_ID = "Images with this image id (the config's digest)"
ATTACHED = "Attached to these images"
SEEN = "Seen on these registries"
NEEDED = "Repositories that need this layer or config"
KINDS = {NAMED, CHILD, IMAGE_ID, ATTACHED, SEEN, NEEDED}


@pytest.fixture
def hub(team):
    return Registry.objects.get(team=team, host="docker.io")


@pytest.fixture
def registry_row(team):
    return Registry.objects.create(team=team, name="Ours", host="registry.example.com")


@pytest.fixture
def intel(hub):
    return make_image(hub, ("base", 100), ("intel", 5))


@pytest.fixture
def index(hub, intel):
    return make_index(
        hub, intel, make_image(hub, ("base", 100), ("arm", 6), platform="linux/arm64")
    )


@pytest.fixture
def nginx(hub, index):
    return make_repository(hub, "library/nginx", {"1.27": index, "latest": index, "1.26": None})


@pytest.fixture
def groups(client_for):
    def ask(person, text):
        response = client_for(person).get(
            reverse("web:search"), {"q": text}, headers={"HX-Request": "true"}
        )
        return {
            group.title: list(group.hits)
            for group in response.context["groups"]
            if group.title in KINDS
        }

    return ask


def test_the_digest_of_tags(groups, alice, hub, registry_row, index, nginx):
    copy = make_image(registry_row, ("base", 100), ("intel", 5))
    make_repository(registry_row, "web/nginx", {"prod": copy})
    results_by_title = groups(alice, index.digest)
    assert list(results_by_title) == [NAMED]
    (hit,) = results_by_title[NAMED]
    assert (str(hit.reference), hit.registry, hit.facts[0]) == (
        "docker.io/library/nginx",
        "Docker Hub",
        "latest, 1.27",
    )
    assert hit.url == reverse(
        "registries:image_by_digest", args=[hub.pk, "library/nginx", index.digest]
    )


def test_one_image_of_an_index_and_of_another_registrys_tag(
    groups, alice, hub, registry_row, intel, index, nginx
):
    copy = make_image(registry_row, ("base", 100), ("intel", 5))
    assert copy.digest == intel.digest
    make_repository(registry_row, "web/nginx", {"prod": copy})
    results_by_title = groups(alice, intel.digest)
    assert [(str(hit.reference), hit.facts[0]) for hit in results_by_title[NAMED]] == [
        ("registry.example.com/web/nginx", "prod")
    ]
    (child,) = results_by_title[CHILD]
    assert child.facts == ["latest, 1.27", "linux/amd64"]
    assert child.url == reverse(
        "registries:image_by_digest", args=[hub.pk, "library/nginx", intel.digest]
    )


def test_an_image_id(groups, alice, hub, intel, index, nginx):
    make_repository(hub, "acme/nginx", {"1": intel})
    results_by_title = groups(alice, intel.config_digest)
    assert {(str(hit.reference), tuple(hit.facts)) for hit in results_by_title[IMAGE_ID]} == {
        ("docker.io/library/nginx", ("latest, 1.27", "linux/amd64")),
        ("docker.io/acme/nginx", ("1",)),
    }
    assert NEEDED not in results_by_title


def test_a_layer(groups, alice, hub, nginx):
    make_repository(hub, "acme/other", {"1": make_image(hub, ("base", 100))})
    make_repository(hub, "acme/apart", {"1": make_image(hub, ("apart", 100))})
    results_by_title = groups(alice, digest_of("base"))
    assert list(results_by_title) == [NEEDED]
    assert {str(hit.reference) for hit in results_by_title[NEEDED]} == {
        "docker.io/library/nginx",
        "docker.io/acme/other",
    }
    assert results_by_title[NEEDED][0].facts == ["100\N{NO-BREAK SPACE}B"]


def test_a_signature(groups, alice, hub, index, nginx):
    signature = make_image(
        hub, ("signature", 1), artifact_type="application/vnd.example", subject=index
    )
    (hit,) = groups(alice, signature.digest)[ATTACHED]
    assert str(hit.reference) == "docker.io/library/nginx"
    assert hit.url.endswith(f"@{signature.digest}/")


def test_an_untagged_image(groups, alice, hub):
    image = make_image(hub, ("left", 1))
    (hit,) = groups(alice, image.digest)[SEEN]
    assert (hit.text, hit.facts[0]) == ("Docker Hub", "no tag leads to it any more")


def test_a_tag_whose_image_was_not_fetched_yet(groups, alice, hub):
    repository = make_repository(hub, "acme/app", {"1": None})
    digest = digest_of("not fetched")
    repository.tags.update(digest=digest)
    assert [str(hit.reference) for hit in groups(alice, digest)[NAMED]] == ["docker.io/acme/app"]


@pytest.mark.parametrize(
    "shorten",
    [
        lambda digest: digest.hex[:12],
        lambda digest: f"sha256:{digest.hex[:8]}",
        lambda digest: digest.hex[:12].upper(),
    ],
)
def test_the_beginning_of_a_digest_is_enough(groups, alice, intel, index, nginx, shorten):
    digest = Digest.parse(intel.digest)
    (hit,) = groups(alice, shorten(digest))[CHILD]
    assert hit.facts[-1] == digest.short


def test_many_tags_are_counted(groups, alice, hub, index):
    make_repository(hub, "library/nginx", {f"1.{number}": index for number in range(12)})
    (hit,) = groups(alice, index.digest)[NAMED]
    assert hit.facts[0] == "1.11, 1.10, 1.9, 1.8, 1.7, and 7 more"


def test_an_unknown_digest(client_for, alice, nginx):
    response = client_for(alice).get(reverse("web:search"), {"q": digest_of("nobody's")})
    assert "No registry and no local image of your teams is known to hold" in response.text


def test_an_outsider_finds_no_digest(groups, charlie, other_team, hub, intel, index, nginx):
    make_repository(hub, "acme/signed", {"1": make_image(hub, ("signature", 1), subject=index)})
    for digest in (
        index.digest,
        intel.digest,
        intel.config_digest,
        digest_of("base"),
        Digest.parse(index.digest).short,
    ):
        assert groups(charlie, digest) == {}, digest


def test_each_team_sees_its_own_locations_of_a_digest(
    groups, charlie, other_team, intel, index, nginx
):
    other_registry = Registry.objects.get(team=other_team, host="docker.io")
    make_repository(
        other_registry,
        "acme/theirs",
        {"1": make_image(other_registry, ("base", 100), ("intel", 5))},
    )
    results_by_title = groups(charlie, intel.digest)
    assert {
        title: [str(hit.reference) for hit in hits] for title, hits in results_by_title.items()
    } == {NAMED: ["docker.io/acme/theirs"]}
    assert [str(hit.reference) for hit in groups(charlie, digest_of("base"))[NEEDED]] == [
        "docker.io/acme/theirs"
    ]


def test_the_answer_takes_twelve_queries_at_most(client_for, alice, intel, index, nginx):
    client = client_for(alice)
    for text in (
        index.digest,
        intel.digest,
        intel.config_digest,
        digest_of("base"),
        Digest.parse(intel.digest).short,
        f"docker.io/nginx@{intel.digest}",
    ):
        with CaptureQueriesContext(connection) as queries:
            client.get(reverse("web:search"), {"q": text}, headers={"HX-Request": "true"})
        assert len(queries) <= 12, text


def test_digests_are_read_from_database_indexes(client_for, alice, intel, index, nginx):
    if connection.vendor != "sqlite":
        pytest.skip("The plan is SQLite's.")
    assert Artifact.objects.exists()
    for text in (intel.digest, Digest.parse(intel.digest).short):
        client = client_for(alice)
        with CaptureQueriesContext(connection) as queries:
            client.get(reverse("web:search"), {"q": text}, headers={"HX-Request": "true"})
        with connection.cursor() as cursor:
            for query in queries.captured_queries:
                if (
                    "catalog_artifact" in query["sql"]
                    or "catalog_blob" in query["sql"]
                    or 'FROM "catalog_tag"' in query["sql"]
                ):
                    cursor.execute(f"EXPLAIN QUERY PLAN {query['sql']}")
                    plan = [row[3] for row in cursor.fetchall()]
                    assert not [step for step in plan if step.startswith("SCAN catalog_")], (
                        query["sql"],
                        plan,
                    )
                    assert not [
                        step
                        for step in plan
                        if "catalog_tag USING INDEX" in step and "team_id" in step
                    ], plan
