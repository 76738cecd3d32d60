import base64

import pytest

from registry_ui.oci.basic_credential import BasicCredential
from registry_ui.oci.client import RegistryClient
from registry_ui.oci.digest import Digest
from registry_ui.oci.egress import EgressPolicy
from registry_ui.oci.errors import Denied, ServerFailed
from registry_ui.providers.advice import advice_for
from registry_ui.providers.endpoints import endpoint_for
from registry_ui.providers.harbor import Harbor
from registry_ui.providers.provider import PushedTag
from registry_ui.providers.repository_lists import ListingUnavailable
from tests.parts.bytes_readers import descriptor_of, source_of
from tests.parts.repository_lists import CATALOG, QUICK, SECRET, reply
from tests.parts.scripted_server import Reply


@pytest.mark.parametrize(
    ("host", "expected"),
    [("harbor.example.com", True), ("my.harbor.example", True), ("myharbor.example", False)],
)
def test_a_label_of_the_host_name_tells_it(host, expected):
    assert Harbor().resembles_host(host) is expected


def test_the_word_project_in_a_refusal_tells_it_under_any_name():
    assert Harbor().recognizes_refusal("registry.corp", "Project team not found")
    assert not Harbor().recognizes_refusal("registry.corp", "repository not found")


def test_its_advice_is_its_own():
    assert "project" in advice_for("harbor.corp", "missing")


# --- its list of repositories

PROJECTS = "/api/v2.0/projects"


def of_project(name):
    return f"{PROJECTS}/{name}/repositories"


def named(*names):
    return reply([{"name": name, "id": number} for number, name in enumerate(names)])


def test_harbor_is_listed_project_by_project(server, list_of):
    server.on("GET", PROJECTS, named("shop", "base"))
    server.on("GET", of_project("shop"), named("shop/api", "shop/web/front"))
    server.on("GET", of_project("base"), named("base/debian"))
    result = list_of("harbor", BasicCredential("robot$shop", SECRET))
    names = result.names
    assert not result.is_catalog
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
    assert list(list_of("harbor").names) == many
    assert [call.query for call in server.made("GET", of_project("shop"))] == [
        {"page": ["1"], "page_size": ["100"]},
        {"page": ["2"], "page_size": ["100"]},
    ]


def test_harbor_that_ignores_pages_ends(server, list_of):
    names = [f"shop/app-{number}" for number in range(100)]
    server.on("GET", PROJECTS, named("shop"))
    server.on("GET", of_project("shop"), named(*names))
    assert list(list_of("harbor").names) == names
    assert len(server.made("GET", of_project("shop"))) == 2


def test_only_the_configured_projects_are_listed(server, list_of):
    server.on("GET", "/api/v2.0/systeminfo", reply({"auth_mode": "db_auth"}))
    server.on("GET", of_project("shop"), named("shop/api"))
    assert list(list_of("harbor", namespaces=["shop"]).names) == ["shop/api"]
    assert server.made("GET", PROJECTS) == []


def test_a_missing_project_is_reported(server, list_of):
    server.on("GET", "/api/v2.0/systeminfo", reply({"auth_mode": "db_auth"}))
    server.on(
        "GET",
        of_project("gone"),
        reply({"errors": [{"code": "NOT_FOUND", "message": "project gone not found"}]}, 404),
    )
    with pytest.raises(ListingUnavailable, match=r"^namespaces_(unknown|not_listed) names=gone "):
        list_of("harbor", namespaces=["gone"])


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
    result = list_of("harbor", namespaces=[])
    names = result.names
    assert result.is_catalog
    assert list(names) == ["shop/api", "base/debian"]


def test_the_catalogue_is_limited_to_the_configured_projects(server, list_of):
    server.on("GET", CATALOG, reply({"repositories": ["shop/api", "base/debian", "shopping/x"]}))
    assert list(list_of("harbor", namespaces=["shop"]).names) == ["shop/api"]


def test_an_error_of_harbor_is_not_hidden_by_the_catalogue(server, list_of):
    server.on("GET", PROJECTS, Reply(503))
    with pytest.raises(ServerFailed):
        list_of("harbor")
    assert server.made("GET", CATALOG) == []


def test_harbors_login_follows_no_redirect_to_another_host(server, other_server, list_of):
    server.on("GET", PROJECTS, Reply(302, headers={"Location": f"{other_server.url}/projects"}))
    other_server.on("GET", "/projects", named("evil"))
    server.on("GET", CATALOG, Reply(401))
    with pytest.raises(ListingUnavailable):
        list_of("harbor", BasicCredential("robot$shop", SECRET))
    assert not any(call.authorization for call in other_server.calls)


def test_project_names_cannot_leave_their_path(server, list_of):
    server.on("GET", PROJECTS, named("shop", "../../v2/auth", "a/b", "x?y", "shop"))
    server.on("GET", of_project("shop"), named("shop/api"))
    assert list(list_of("harbor").names) == ["shop/api"]
    assert {call.path for call in server.calls} == {PROJECTS, of_project("shop")}


# --- its refusals and its tags


@pytest.mark.parametrize(
    ("status", "text", "expected"),
    [
        (403, "adding 3 MiB … will exceed the configured upper limit of 5 GiB", "quota_used_up"),
        (405, "can not push artifact to a proxy project", "proxy_cache_not_writable"),
        (412, "configured as immutable", "repository_immutable"),
    ],
)
def test_its_refusals_are_understood_under_any_host_name(server, status, text, expected):
    refusal = {"errors": [{"code": "DENIED", "message": text}]}
    server.on("POST", "/v2/shop/api/blobs/uploads/", reply(refusal, status))
    endpoint = endpoint_for(server.host, scheme="http")
    with (
        RegistryClient(endpoint, egress=EgressPolicy(allow_loopback=True), limits=QUICK) as client,
        pytest.raises(Denied, match=f"^{expected} "),
    ):
        client.store("shop/api", push=True).write_blob(descriptor_of(b"x"), source_of(b"x"))


ARTIFACT = "/api/v2.0/projects/shop/repositories/{}/artifacts/{}/tags/1.0"
DIGEST = Digest.of(b"manifest")


@pytest.fixture
def delete(server):
    """Yield a function that deletes the tag 1.0 of a repository by Harbor's API."""
    with RegistryClient(
        endpoint_for(server.host, scheme="http"),
        egress=EgressPolicy(allow_loopback=True),
        limits=QUICK,
    ) as client:
        login = BasicCredential("robot$shop", SECRET)
        yield lambda repository: Harbor().delete_tag(client, login, repository, "1.0", DIGEST)


@pytest.mark.parametrize(
    ("repository", "encoded"), [("shop/api", "api"), ("shop/web/front", "web%252Ffront")]
)
def test_one_tag_is_deleted_by_its_api(server, delete, repository, encoded):
    server.on("DELETE", ".*", Reply(200))
    assert delete(repository)
    (call,) = server.calls
    assert call.path == ARTIFACT.format(encoded, DIGEST)
    assert call.authorization.startswith("Basic ")


@pytest.mark.parametrize("status", [401, 403, 404, 412])
def test_a_refused_deletion_leaves_another_way(server, delete, status):
    server.on("DELETE", ".*", Reply(status))
    assert not delete("shop/api")


def test_an_error_of_harbor_ends_the_deletion(server, delete):
    server.on("DELETE", ".*", Reply(503))
    with pytest.raises(ServerFailed):
        delete("shop/api")


# --- its webhooks


@pytest.mark.parametrize("kind", ["SCANNING_COMPLETED", None])
def test_other_events_of_a_webhook_push_nothing(kind):
    data = {"repository": {"repo_full_name": "shop/api"}, "resources": [{"tag": "1.0"}]}
    assert list(Harbor().read_webhook({"type": kind, "event_data": data})) == []


def test_a_webhook_names_the_pushed_tags():
    data = {
        "repository": {"repo_full_name": "shop/web/front"},
        "resources": [{"tag": "1.0"}, {"digest": "sha256:1"}, 5],
    }
    document = {"type": "PUSH_ARTIFACT", "event_data": data}
    assert list(Harbor().read_webhook(document)) == [PushedTag("shop/web/front", "1.0")]
    assert Harbor().read_webhook({"events": []}) is None
