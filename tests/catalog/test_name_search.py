"""The search by name: repositories, tags, registries and complete references."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.http import urlencode

from registry_ui.accounts.models import Membership
from registry_ui.registries.models import Registry
from tests.parts.index_rows import make_image, make_repository

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db]
NGINX = "docker.io/library/nginx"


@pytest.fixture
def hub(team):
    return Registry.objects.get(team=team, host="docker.io")


@pytest.fixture
def nginx(hub):
    image = make_image(hub, ("nginx", 1024))
    return make_repository(
        hub, "library/nginx", {"1.27": image, "1.27-alpine": image, "1.26": None, "latest": image}
    )


@pytest.fixture
def search(client_for):
    """Return the texts of the results by the title of their group."""

    def ask(person, text):
        response = client_for(person).get(
            reverse("web:search"), {"q": text}, headers={"HX-Request": "true"}
        )
        assert response.status_code == 200
        return {
            group.title: [str(hit.reference or hit.text) for hit in group.hits]
            for group in response.context["groups"]
        }

    return ask


def test_a_repository_matches_all_terms(search, alice, hub, nginx):
    make_repository(hub, "acme/nginx-proxy")
    make_repository(hub, "acme/redis")
    assert search(alice, "nginx acme")["Repositories"] == ["docker.io/acme/nginx-proxy"]
    assert search(alice, "NGINX")["Repositories"] == [NGINX, "docker.io/acme/nginx-proxy"]
    assert "Repositories" not in search(alice, "nginx redis")


def test_the_exact_name_comes_first_then_prefixes(search, alice, hub):
    for name in ("aaa/my-app", "zzz/app", "app-of-all", "bbb/apple", "mapping"):
        make_repository(hub, name)
    assert search(alice, "app")["Repositories"] == [
        f"docker.io/{name}"
        for name in ("zzz/app", "app-of-all", "bbb/apple", "aaa/my-app", "mapping")
    ]


def test_wildcards_of_the_database_are_only_characters(search, alice, hub):
    make_repository(hub, "acme/a_b")
    make_repository(hub, "acme/axb")
    assert search(alice, "a_b")["Repositories"] == ["docker.io/acme/a_b"]
    assert search(alice, "%") == {}
    assert search(alice, "' OR 1=1 --") == {}


@pytest.mark.parametrize("text", ["nginx:1.27", "nginx 1.27", "library nginx 1.27"])
def test_a_tag_is_found_after_its_repository(search, alice, nginx, text):
    assert search(alice, text)["Tags"] == [f"{NGINX}:1.27", f"{NGINX}:1.27-alpine"]


def test_a_tag_that_only_contains_the_term_comes_last(search, alice, hub, nginx):
    make_repository(hub, "acme/nginx", {"alpine": None})
    assert search(alice, "nginx alpine")["Tags"] == [
        "docker.io/acme/nginx:alpine",
        f"{NGINX}:1.27-alpine",
    ]


def test_a_single_term_finds_tags_that_begin_with_it(search, alice, hub, nginx):
    make_repository(hub, "library/redis", {"1.27.1": None, "11.27": None})
    assert search(alice, "1.27")["Tags"] == [
        f"{NGINX}:1.27",
        f"{NGINX}:1.27-alpine",
        "docker.io/library/redis:1.27.1",
    ]
    assert search(alice, "lat")["Tags"] == [f"{NGINX}:latest"]


def test_one_character_searches_no_tags(search, alice, nginx):
    assert "Tags" not in search(alice, "1")
    assert "Tags" not in search(alice, "l")


def test_a_host_limits_the_search_to_its_registry(search, alice, team, nginx):
    other = Registry.objects.create(team=team, name="Ours", host="registry.example.com")
    make_repository(other, "web/nginx", {"1.27": None})
    assert search(alice, "registry.example.com/nginx")["Repositories"] == [
        "registry.example.com/web/nginx"
    ]
    assert search(alice, "registry.example.com/")["Repositories"] == [
        "registry.example.com/web/nginx"
    ]
    assert search(alice, "registry.example.com/nginx:1")["Tags"] == [
        "registry.example.com/web/nginx:1.27"
    ]


def test_registries_are_found_by_name_and_host(search, alice, team):
    Registry.objects.create(team=team, name="Production", host="registry.example.com")
    assert search(alice, "prod")["Registries"] == ["Production"]
    assert search(alice, "Example.com")["Registries"] == ["Production"]


def test_a_cut_group_links_to_the_rest(client_for, alice, hub):
    image = make_image(hub, ("layer", 10))
    for number in range(21):
        make_repository(hub, f"acme/app-{number:02}", {"1.0": image})
    response = client_for(alice).get(reverse("web:search"), {"q": "acme app"})
    group = response.context["groups"][0]
    assert (group.title, len(group.hits), group.is_capped) == ("Repositories", 20, True)
    assert "the first 20 of many" in response.text
    assert f'href="{reverse("registries:repositories", args=[hub.pk])}?q=acme+app"' in response.text


def test_a_panel_has_fewer_results_and_links_to_the_page(client_for, alice, hub):
    for number in range(6):
        make_repository(hub, f"acme/app-{number}")
    response = client_for(alice).get(
        reverse("web:search"),
        {"q": "acme"},
        headers={"HX-Request": "true", "HX-Target": "search-panel"},
    )
    assert len(response.context["groups"][0].hits) == 5
    assert 'href="/search/?q=acme"' in response.text
    assert "<html" not in response.text


# --- an image whose name is written whole


def test_a_complete_reference_links_to_the_image(client_for, alice, hub, nginx):
    digest = nginx.tags.get(name="1.27").digest
    client = client_for(alice)
    by_tag = client.get(reverse("web:search"), {"q": f"{NGINX}:1.27"})
    assert by_tag.headers["Location"] == reverse(
        "registries:image_by_tag", args=[hub.pk, "library/nginx", "1.27"]
    )
    by_digest = client.get(reverse("web:search"), {"q": f"{NGINX}:1.27@{digest}"})
    assert by_digest.headers["Location"] == reverse(
        "registries:image_by_digest", args=[hub.pk, "library/nginx", digest]
    )


def test_a_complete_reference_is_listed_once(search, alice, nginx):
    results = search(alice, "docker.io/nginx:1.27")
    assert results["This image"] == [f"{NGINX}:1.27"] * 2
    assert results["Tags"] == [f"{NGINX}:1.27-alpine"]


def test_an_unknown_image_can_be_opened_at_its_registry_or_pulled(client_for, bob, hub):
    response = client_for(bob).get(reverse("web:search"), {"q": "docker.io/library/redis:7"})
    hits = response.context["groups"][0].hits
    assert [hit.url for hit in hits] == [
        reverse("registries:image_by_tag", args=[hub.pk, "library/redis", "7"]),
        f"{reverse('transfers:pull')}?{urlencode({'reference': 'docker.io/library/redis:7'})}",
    ]
    assert "not in the index yet" in response.text


def test_a_viewer_gets_no_pull_link(client_for, victor, hub):
    response = client_for(victor).get(reverse("web:search"), {"q": "docker.io/library/redis:7"})
    assert response.context["groups"]
    assert reverse("transfers:pull") not in response.text.partition("<main")[2]
    assert (
        reverse("transfers:pull")
        not in client_for(victor)
        .get(reverse("web:search"), {"q": "redis"})
        .text.partition("<main")[2]
    )


def test_a_suggestion_comes_after_the_results(search, alice, team):
    registry = Registry.objects.create(team=team, name="Ours", host="registry.example.com")
    make_repository(registry, "web/nginx", {"1.27": None})
    assert list(search(alice, "nginx:1.27")) == ["Tags", "Repositories", "This image"]


def test_an_unknown_registry_has_only_a_pull_link(client_for, alice):
    response = client_for(alice).get(reverse("web:search"), {"q": "quay.io/acme/api:1"})
    assert [hit.icon for hit in response.context["groups"][0].hits] == ["download"]


# --- who sees what


def test_an_outsider_finds_nothing(search, charlie, team, nginx):
    Registry.objects.create(team=team, name="Production", host="registry.example.com")
    for text in (
        "nginx",
        "nginx:1.27",
        "nginx 1.27",
        "1.27",
        "latest",
        "production",
        "registry.example.com/",
        "library",
    ):
        results = search(charlie, text)
        assert not {"Repositories", "Tags"} & set(results), text
        assert "Production" not in results.get("Registries", ())


def test_an_outsider_gets_no_link_to_an_image(client_for, charlie, nginx):
    response = client_for(charlie).get(reverse("web:search"), {"q": f"{NGINX}:1.27"})
    assert response.status_code == 200
    assert str(nginx.registry_id) not in response.text


def test_results_of_two_teams_name_the_team(client_for, alice, other_team, nginx):
    Membership.objects.create(team=other_team, user=alice, role="viewer")
    other_registry = Registry.objects.get(team=other_team, host="docker.io")
    make_repository(other_registry, "library/nginx", {"1.27": None})
    hits = client_for(alice).get(reverse("web:search"), {"q": "nginx"}).context["groups"][0].hits
    assert {(str(hit.reference), hit.team) for hit in hits} == {
        (NGINX, "Harbour"),
        (NGINX, "Lighthouse"),
    }


def test_a_person_without_a_team_finds_only_the_guide(client_for, search, victor, nginx):
    Membership.objects.all().delete()
    assert list(search(victor, "latest")) == ["Guide"]
    assert client_for(victor).get(reverse("web:search"), {"q": "nginx"}).status_code == 200


@pytest.mark.parametrize("text", ["nginx", "nginx:1.27", "acme nginx 1.27", "1.27", f"{NGINX}:9"])
def test_the_page_takes_twelve_queries_at_most(client_for, alice, hub, nginx, text):
    image = make_image(hub, ("other", 10))
    for number in range(30):
        make_repository(hub, f"acme/nginx-{number}", {"1.27": image, "1.27.1": image})
    client = client_for(alice)
    with CaptureQueriesContext(connection) as queries:
        client.get(reverse("web:search"), {"q": text})
    assert len(queries) <= 12


def test_names_are_read_from_database_indexes(client_for, alice, nginx):
    if connection.vendor != "sqlite":
        pytest.skip("The plan is SQLite's.")
    client = client_for(alice)
    for text, index in (
        ("nginx", "repository_by_name"),
        ("1.27", "tag_by_name"),
        ("nginx:1.27", "unique_tag_name|sqlite_autoindex_catalog_tag"),
    ):
        with CaptureQueriesContext(connection) as queries:
            client.get(reverse("web:search"), {"q": text})
        plans = []
        with connection.cursor() as cursor:
            for query in queries.captured_queries:
                if "catalog_" in query["sql"] and query["sql"].startswith("SELECT"):
                    cursor.execute(f"EXPLAIN QUERY PLAN {query['sql']}")
                    plans += [row[3] for row in cursor.fetchall()]
        assert any(name in plan for plan in plans for name in index.split("|")), (text, plans)
        assert not [
            plan
            for plan in plans
            if plan.startswith("SCAN catalog_tag") or plan.startswith("SCAN catalog_repository")
        ]
