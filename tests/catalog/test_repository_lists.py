"""Lists of repositories: Docker Hub's namespaces, Harbor's projects, other catalogues."""

import base64
import itertools
import json
import logging

import pytest

from registry_ui.catalog import repository_lists
from registry_ui.catalog.repository_lists import ListingUnavailable, open_listing
from registry_ui.oci.basic_credential import BasicCredential
from registry_ui.oci.client import Endpoint, RegistryClient
from registry_ui.oci.connections import Limits
from registry_ui.oci.egress import EgressPolicy
from registry_ui.oci.errors import (
    EgressRefused,
    InvalidManifest,
    RateLimited,
    ResponseError,
    ServerFailed,
    Unauthorized,
)
from registry_ui.registries.models import Listing, Provider
from tests.parts.scripted_server import Reply, scripted_server

QUICK = Limits(connect=2, read=2, tries=2, first_pause=0.01, longest_pause=1, all_pauses=2)
SECRET = "canary-5ecret-8f1d27b3a9"
LOGIN = BasicCredential("acme", SECRET)
JWT = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhY21lIn0.c2lnbmF0dXJl"
CATALOG = "/v2/_catalog"


def reply(document, status=200, **headers):
    return Reply(
        status, json.dumps(document).encode(), {"Content-Type": "application/json", **headers}
    )


@pytest.fixture
def server():
    with scripted_server() as running:
        yield running


@pytest.fixture
def other_server():
    with scripted_server() as running:
        yield running


@pytest.fixture
def list_of(server, make_registry):
    """Return the listed names of a scripted registry."""
    clients = []

    def open_it(provider, login=None, **values):
        registry = make_registry(host=values.pop("host", server.host), provider=provider, **values)
        endpoint = Endpoint(server.host, "http")
        clients.append(
            RegistryClient(endpoint, login, egress=EgressPolicy(allow_loopback=True), limits=QUICK)
        )
        return open_listing(registry, clients[-1], login)

    yield open_it
    for client in clients:
        client.close()


@pytest.fixture
def hub(server, monkeypatch):
    """Return the scripted server as Docker Hub's API."""
    monkeypatch.setattr(repository_lists, "DOCKER_HUB_API", server.url)
    server.on("POST", "/v2/auth/token", reply({"access_token": JWT}))
    return server


def of_namespace(name):
    return f"/v2/namespaces/{name}/repositories"


def results(*names, following=None):
    return reply(
        {
            "count": len(names),
            "next": following,
            "results": [{"name": name, "is_private": False} for name in names],
        }
    )


# --- any registry


def test_a_registry_is_listed_by_its_catalogue(server, list_of):
    server.on("GET", CATALOG, reply({"repositories": ["team/app", "tool"]}))
    listing, names = list_of(Provider.PRIVATE)
    assert listing == Listing.CATALOG
    assert list(names) == ["team/app", "tool"]


def test_the_real_registry_is_listed(registry, image_factory, make_registry):
    from registry_ui.credentials.clients import endpoint_of

    repository = image_factory(registry).repository
    row = make_registry(registry)
    with RegistryClient(endpoint_of(row), egress=EgressPolicy(allow_loopback=True)) as client:
        listing, names = open_listing(row, client, None)
        assert listing == Listing.CATALOG
        assert repository in list(names)


@pytest.mark.parametrize("status", [401, 403, 404, 405, 501])
def test_without_a_catalogue_the_advice_is_to_add_repositories(server, list_of, status):
    server.on("GET", CATALOG, Reply(status))
    with pytest.raises(ListingUnavailable) as caught:
        list_of(Provider.PRIVATE)
    assert server.host in caught.value.message
    assert "Add the repositories" in caught.value.advice


def test_a_web_page_is_no_catalogue(server, list_of):
    server.on("GET", CATALOG, Reply(200, b"<html>", {"Content-Type": "text/html"}))
    with pytest.raises(ListingUnavailable):
        list_of(Provider.PRIVATE)


@pytest.mark.parametrize(("status", "kind"), [(429, RateLimited), (503, ServerFailed)])
def test_an_error_is_not_a_missing_list(server, list_of, status, kind):
    server.on("GET", CATALOG, Reply(status))
    with pytest.raises(kind):
        list_of(Provider.PRIVATE)


def test_a_next_page_of_another_host_is_refused(server, list_of):
    server.on(
        "GET", CATALOG, reply({"repositories": ["a"]}, Link='<https://evil.example/>; rel="next"')
    )
    with pytest.raises(EgressRefused):
        list(list_of(Provider.PRIVATE)[1])


@pytest.mark.parametrize("provider", [Provider.GHCR, Provider.ALIYUN_ACR])
def test_providers_without_a_list_get_no_request(server, list_of, provider):
    with pytest.raises(ListingUnavailable, match="does not tell") as caught:
        list_of(provider)
    assert "Add the repositories" in caught.value.advice
    assert server.calls == []


def test_ecrs_refusal_is_explained(server, list_of):
    server.on("GET", CATALOG, Reply(405))
    with pytest.raises(ListingUnavailable, match="AWS ECR does not tell"):
        list_of(Provider.AWS_ECR)


# --- Docker Hub


def test_docker_hub_lists_the_configured_namespaces(hub, list_of):
    hub.on(
        "GET",
        of_namespace("acme"),
        results(
            "app",
            "tool",
            following=f"{hub.url}/v2/namespaces/acme/repositories?page=2&page_size=100",
        ),
        results("web"),
    )
    hub.on("GET", of_namespace("other"), results("thing"))
    listing, names = list_of(Provider.DOCKER_HUB, namespaces=["acme", "other"])
    assert listing == Listing.PROVIDER
    assert list(names) == ["acme/app", "acme/tool", "acme/web", "other/thing"]
    first, second = hub.made("GET", of_namespace("acme"))
    assert first.query["page_size"] == ["100"]
    assert second.query["page"] == ["2"]
    assert not any(call.authorization for call in hub.calls)
    assert hub.made("GET", CATALOG) == []


def test_docker_hub_exchanges_the_login_for_a_token(hub, list_of):
    hub.on("GET", of_namespace("acme"), results("private-app"))
    _, names = list_of(Provider.DOCKER_HUB, LOGIN, namespaces=["acme"])
    assert list(names) == ["acme/private-app"]
    assert json.loads(hub.made("POST")[0].body) == {"identifier": "acme", "secret": SECRET}
    assert hub.made("GET", of_namespace("acme"))[0].authorization == f"Bearer {JWT}"


def test_without_namespaces_the_accounts_of_the_credentials_are_listed(
    hub, list_of, make_registry, make_credential
):
    registry = make_registry(host=hub.host, provider=Provider.DOCKER_HUB)
    for username in ("Acme", "someone@example.com", "library", "acme-ci"):
        make_credential(registry, username)
    hub.on("GET", of_namespace("acme"), results("app"))
    hub.on("GET", of_namespace("acme-ci"), results())
    with RegistryClient(
        Endpoint(hub.host, "http"), egress=EgressPolicy(allow_loopback=True), limits=QUICK
    ) as client:
        _, names = open_listing(registry, client, None)
        assert list(names) == ["acme/app"]
    assert len(hub.calls) == 2


def test_official_images_are_not_listed(hub, list_of):
    with pytest.raises(ListingUnavailable):
        list_of(Provider.DOCKER_HUB, namespaces=["library"])
    assert hub.calls == []


def test_docker_hub_without_a_namespace_has_advice(hub, list_of):
    with pytest.raises(ListingUnavailable, match="none is known here") as caught:
        list_of(Provider.DOCKER_HUB)
    assert "Name your namespaces" in caught.value.advice


def test_a_refused_login_is_never_replaced_by_an_anonymous_list(hub, list_of):
    hub.on("POST", "/v2/auth/token", reply({"detail": f"incorrect {SECRET}"}, 401))
    with pytest.raises(Unauthorized, match="refused the login") as caught:
        list_of(Provider.DOCKER_HUB, LOGIN, namespaces=["acme"])
    assert SECRET not in str(vars(caught.value))
    assert hub.made("GET") == []


@pytest.mark.parametrize(
    "document", [{}, [], {"access_token": None}, {"access_token": "a\nb"}, {"access_token": ""}]
)
def test_an_answer_without_a_token_is_an_error(hub, list_of, document):
    hub.on("POST", "/v2/auth/token", reply(document))
    with pytest.raises(Unauthorized, match="without a token"):
        list_of(Provider.DOCKER_HUB, LOGIN, namespaces=["acme"])


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_the_secret_follows_no_redirect(hub, other_server, list_of, status):
    hub.on(
        "POST",
        "/v2/auth/token",
        Reply(status, headers={"Location": f"{other_server.url}/v2/auth/token"}),
    )
    with pytest.raises(ResponseError, match=f"status {status}"):
        list_of(Provider.DOCKER_HUB, LOGIN, namespaces=["acme"])
    assert other_server.calls == []


def test_the_token_is_sent_to_no_other_host(hub, other_server, list_of):
    hub.on(
        "GET", of_namespace("acme"), Reply(302, headers={"Location": f"{other_server.url}/list"})
    )
    other_server.on("GET", "/list", results("evil"))
    with pytest.raises(ListingUnavailable, match="does not answer as the API"):
        list_of(Provider.DOCKER_HUB, LOGIN, namespaces=["acme"])
    assert not any(call.authorization for call in other_server.calls)


def test_a_next_page_on_another_host_is_refused(hub, other_server, list_of):
    hub.on(
        "GET",
        of_namespace("acme"),
        results("app", following=f"{other_server.url}{of_namespace('acme')}?page=2"),
    )
    with pytest.raises(EgressRefused, match="another host"):
        list(list_of(Provider.DOCKER_HUB, LOGIN, namespaces=["acme"])[1])
    assert other_server.calls == []


def test_endless_pages_without_new_names_end(hub, list_of):
    numbers = itertools.count()
    hub.on(
        "GET",
        of_namespace("acme"),
        lambda call: results(
            "app", following=f"{hub.url}{of_namespace('acme')}?page={next(numbers)}"
        ),
    )
    assert list(list_of(Provider.DOCKER_HUB, namespaces=["acme"])[1]) == ["acme/app"]
    assert len(hub.made("GET", of_namespace("acme"))) == 2


def test_endless_names_are_cut_off(hub, list_of, monkeypatch):
    monkeypatch.setattr(repository_lists, "REPOSITORIES_LIMIT", 25)
    numbers = itertools.count()

    def endless(_call):
        number = next(numbers)
        return results(
            *(f"r{number}-{item}" for item in range(10)),
            following=f"{hub.url}{of_namespace('acme')}?page={number}",
        )

    hub.on("GET", of_namespace("acme"), endless)
    assert len(list(list_of(Provider.DOCKER_HUB, namespaces=["acme"])[1])) == 25


@pytest.mark.parametrize(
    "document",
    [
        {"results": None},
        {},
        {"results": []},
        {"results": [None, 5, {"name": 7}, {"name": "../x"}, {"name": "A"}]},
    ],
)
def test_null_and_nonsense_in_docker_hubs_answer(hub, list_of, document):
    hub.on("GET", of_namespace("acme"), reply(document))
    assert list(list_of(Provider.DOCKER_HUB, namespaces=["acme"])[1]) == []


@pytest.mark.parametrize(
    "body", [b'{"results": "x"}', b'{"results": [{"name": "' + b"a" * 10_000_000 + b'"}]}']
)
def test_unreadable_answers_of_docker_hub(hub, list_of, body):
    hub.on("GET", of_namespace("acme"), Reply(body=body))
    with pytest.raises(InvalidManifest):
        list_of(Provider.DOCKER_HUB, namespaces=["acme"])


def test_a_missing_namespace_is_reported_after_the_others(hub, list_of):
    hub.on("GET", of_namespace("gone"), reply({"message": "object not found"}, 404))
    hub.on("GET", of_namespace("acme"), results("app"))
    _, names = list_of(Provider.DOCKER_HUB, namespaces=["gone", "acme"])
    assert next(names) == "acme/app"
    with pytest.raises(ListingUnavailable, match="Not listed: gone"):
        next(names)


def test_a_missing_namespace_alone(hub, list_of):
    hub.on("GET", of_namespace("gone"), reply({"message": "object not found"}, 404))
    with pytest.raises(ListingUnavailable, match="Not listed: gone"):
        list_of(Provider.DOCKER_HUB, namespaces=["gone"])


def test_secrets_stay_out_of_logs_and_errors(hub, list_of, caplog):
    caplog.set_level(logging.DEBUG)
    hub.on("GET", of_namespace("acme"), reply({"message": f"no {JWT} {SECRET}"}, 403))
    with pytest.raises(ListingUnavailable, match="does not let this credential list") as caught:
        list_of(Provider.DOCKER_HUB, LOGIN, namespaces=["acme"])
    shown = f"{caplog.text} {vars(caught.value)} {caught.value}"
    assert SECRET not in shown
    assert JWT not in shown


# --- Harbor

PROJECTS = "/api/v2.0/projects"


def of_project(name):
    return f"{PROJECTS}/{name}/repositories"


def named(*names):
    return reply([{"name": name, "id": number} for number, name in enumerate(names)])


def test_harbor_is_listed_project_by_project(server, list_of):
    server.on("GET", PROJECTS, named("shop", "base"))
    server.on("GET", of_project("shop"), named("shop/api", "shop/web/front"))
    server.on("GET", of_project("base"), named("base/debian"))
    listing, names = list_of(Provider.HARBOR, BasicCredential("robot$shop", SECRET))
    assert listing == Listing.PROVIDER
    assert list(names) == ["shop/api", "shop/web/front", "base/debian"]
    basic = "Basic " + base64.b64encode(f"robot$shop:{SECRET}".encode()).decode()
    assert {call.authorization for call in server.calls} == {basic}


def test_harbors_pages_are_read_until_one_is_not_full(server, list_of):
    many = [f"shop/app-{number}" for number in range(150)]
    server.on("GET", PROJECTS, named("shop"))
    server.on(
        "GET",
        of_project("shop"),
        lambda call: named(*many[(int(call.query["page"][0]) - 1) * 100 :][:100]),
    )
    assert list(list_of(Provider.HARBOR)[1]) == many
    assert [call.query for call in server.made("GET", of_project("shop"))] == [
        {"page": ["1"], "page_size": ["100"]},
        {"page": ["2"], "page_size": ["100"]},
    ]


def test_harbor_that_ignores_pages_ends(server, list_of):
    names = [f"shop/app-{number}" for number in range(100)]
    server.on("GET", PROJECTS, named("shop"))
    server.on("GET", of_project("shop"), named(*names))
    assert list(list_of(Provider.HARBOR)[1]) == names
    assert len(server.made("GET", of_project("shop"))) == 2


def test_only_the_configured_projects_are_listed(server, list_of):
    server.on("GET", "/api/v2.0/systeminfo", reply({"auth_mode": "db_auth"}))
    server.on("GET", of_project("shop"), named("shop/api"))
    assert list(list_of(Provider.HARBOR, namespaces=["shop"])[1]) == ["shop/api"]
    assert server.made("GET", PROJECTS) == []


def test_a_missing_project_is_reported(server, list_of):
    server.on("GET", "/api/v2.0/systeminfo", reply({"auth_mode": "db_auth"}))
    server.on(
        "GET",
        of_project("gone"),
        reply({"errors": [{"code": "NOT_FOUND", "message": "project gone not found"}]}, 404),
    )
    with pytest.raises(ListingUnavailable, match="Not listed: gone"):
        list_of(Provider.HARBOR, namespaces=["gone"])


@pytest.mark.parametrize(
    "answer",
    [
        Reply(404),
        Reply(401),
        Reply(403),
        Reply(200, b"<html>", {"Content-Type": "text/html"}),
        Reply(200, b'"Pong"'),
    ],
)
def test_without_harbors_api_the_catalogue_is_used(server, list_of, answer):
    server.on("GET", "/api/v2.0/.*", answer)
    server.on("GET", CATALOG, reply({"repositories": ["shop/api", "base/debian"]}))
    listing, names = list_of(Provider.HARBOR, namespaces=[])
    assert listing == Listing.CATALOG
    assert list(names) == ["shop/api", "base/debian"]


def test_the_catalogue_is_limited_to_the_configured_projects(server, list_of):
    server.on("GET", CATALOG, reply({"repositories": ["shop/api", "base/debian", "shopping/x"]}))
    assert list(list_of(Provider.HARBOR, namespaces=["shop"])[1]) == ["shop/api"]


def test_an_error_of_harbor_is_not_hidden_by_the_catalogue(server, list_of):
    server.on("GET", PROJECTS, Reply(503))
    with pytest.raises(ServerFailed):
        list_of(Provider.HARBOR)
    assert server.made("GET", CATALOG) == []


def test_harbors_login_follows_no_redirect_to_another_host(server, other_server, list_of):
    server.on("GET", PROJECTS, Reply(302, headers={"Location": f"{other_server.url}/projects"}))
    other_server.on("GET", "/projects", named("evil"))
    server.on("GET", CATALOG, Reply(401))
    with pytest.raises(ListingUnavailable):
        list_of(Provider.HARBOR, BasicCredential("robot$shop", SECRET))
    assert not any(call.authorization for call in other_server.calls)


def test_project_names_cannot_leave_their_path(server, list_of):
    server.on("GET", PROJECTS, named("shop", "../../v2/auth", "a/b", "x?y", "shop"))
    server.on("GET", of_project("shop"), named("shop/api"))
    assert list(list_of(Provider.HARBOR)[1]) == ["shop/api"]
    assert {call.path for call in server.calls} == {PROJECTS, of_project("shop")}
