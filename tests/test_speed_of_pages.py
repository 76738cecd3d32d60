"""Each browsing page makes at most twelve queries, however many rows there are.

`make bench` prints the times.
"""

import html
import re
from urllib.parse import unquote_plus

import pytest
from django.urls import reverse
from django.utils.http import urlencode

from registry_ui.registries.models import Registry
from tests.parts.index_rows import make_image
from tests.parts.large_index import LargeIndex, fill_index

MOST_QUERIES = 12
STOP_POLLING = 286
HTMX = {"HX-Request": "true"}
REPOSITORIES = [
    {},
    {"q": "service-00"},
    {"q": "zzz"},
    {"sort": "-changed"},
    {"sort": "-size"},
    {"sort": "-tags"},
]
TAGS = [
    {},
    {"sort": "-date"},
    {"sort": "-size"},
    {"sort": "name"},
    {"group": "variant"},
    {
        "q": "1.2",
        "version": ">=1.2 <1.4",
        "variant": "alpine",
        "platform": "linux/amd64",
        "prereleases": "hide",
    },
    {"version": "latest"},
    {"q": "zzz"},
]


@pytest.fixture
def large(team):
    registry = Registry.objects.create(team=team, name="Company", host="registry.example.com")
    return fill_index(registry, tags=600, repositories=150)


@pytest.fixture
def get(client_for, alice, django_assert_max_num_queries):
    """Return the text of a page that makes at most that many queries."""
    client = client_for(alice)

    def fetch(address: str, *, htmx: bool = False, **query: str) -> str:
        with django_assert_max_num_queries(MOST_QUERIES):
            response = client.get(
                f"{address}?{urlencode(query)}" if query else address, headers=HTMX if htmx else {}
            )
        assert response.status_code in (200, STOP_POLLING), address
        return response.text

    return fetch


def address(name: str, large: LargeIndex, *more: str) -> str:
    return reverse(f"registries:{name}", args=[large.registry.pk, *more])


def next_page(text: str) -> dict[str, str]:
    cursor = re.search(r"[?&;]after=([^\"&]+)", text)
    assert cursor
    return {"after": unquote_plus(html.unescape(cursor[1]))}


@pytest.mark.parametrize("query", REPOSITORIES, ids=str)
def test_a_registry_of_many_repositories(large, get, query):
    page = address("repositories", large)
    text = get(page, **query)
    get(page, htmx=True, **query)
    if "q" not in query:
        assert "service-" in get(page, **query, **next_page(text))


def test_the_registrys_own_page(large, get):
    get(address("detail", large))
    get(address("index_progress", large), htmx=True)


@pytest.mark.parametrize("query", TAGS, ids=str)
def test_a_repository_of_many_tags(large, get, query):
    page = address("repository", large, large.repository.name)
    text = get(page, **query)
    get(page, htmx=True, **query)
    if not {"q", "version"} & query.keys():
        assert "data-tag-name" in get(page, **query, **next_page(text))


def test_an_image_with_many_names(large, get):
    get(address("image_by_tag", large, large.repository.name, large.tags[0]))
    get(address("image_by_digest", large, large.repository.name, large.images[0].digest))
    child = large.images[0].children.first()
    get(address("image_by_digest", large, large.repository.name, child.digest))


def test_two_images_compared(large, get):
    first, second = (str(large.repository.reference.with_tag(tag)) for tag in large.tags[:2])
    assert large.repository.name in get(reverse("registries:compare"), left=first, right=second)


def test_the_storage_of_a_registry_and_of_a_repository(large, get):
    get(address("storage", large))
    get(address("repository_storage", large, large.repository.name))


@pytest.mark.parametrize("query", ["service", "1.2.3-alpine", "library/app", "sha256:", "zzz"])
def test_the_search_everywhere(large, get, query):
    get(reverse("web:search"), q=query)
    get(reverse("web:search"), htmx=True, q=query)


def test_where_a_digest_is(large, get):
    get(reverse("web:search"), q=large.images[0].digest)


@pytest.mark.parametrize(
    "name", ["web:overview", "registries:list", "images:list", "transfers:list"]
)
def test_the_pages_beside_it(large, get, name):
    get(reverse(name))


def test_an_image_with_many_referrers(large, get):
    for number in range(40):
        make_image(
            large.registry,
            (f"signature {number}", 10),
            artifact_type="application/x",
            subject=large.images[0],
        )
    get(address("image_by_digest", large, large.repository.name, large.images[0].digest))
