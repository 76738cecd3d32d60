import itertools
import json
import logging

import pytest

from registry_ui.oci.errors import EgressRefused, InvalidManifest, ResponseError, Unauthorized
from registry_ui.providers import docker_hub, repository_lists
from registry_ui.providers.advice import advice_for
from registry_ui.providers.docker_hub import DockerHub
from registry_ui.providers.repository_lists import ListingUnavailable
from tests.parts.repository_lists import CATALOG, LOGIN, SECRET, reply
from tests.parts.scripted_server import Reply

JWT = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhY21lIn0.c2lnbmF0dXJl"


@pytest.mark.parametrize("host", ["docker.io"])
def test_its_hosts_are_recognized(host):
    assert DockerHub().matches_host(host)


@pytest.mark.parametrize("host", ["notdocker.io", "docker.io.evil.example"])
def test_similar_hosts_are_not_its_own(host):
    assert not DockerHub().matches_host(host)


def test_its_advice_is_its_own():
    assert "Read & Write" in advice_for("docker.io", "denied_push", repository="team/app")


def test_its_api_is_on_a_host_of_another_name():
    assert DockerHub().api_host("docker.io") == "registry-1.docker.io"
    assert DockerHub().token_hosts("docker.io") == ("auth.docker.io",)


def test_official_images_are_reserved():
    assert DockerHub().is_reserved("library/nginx")
    assert not DockerHub().is_reserved("library-fan/nginx")


# --- its list of repositories


@pytest.fixture
def hub(server, monkeypatch):
    """Return the scripted server as Docker Hub's API."""
    monkeypatch.setattr(docker_hub, "API", server.url)
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
    result = list_of("docker_hub", namespaces=["acme", "other"])
    names = result.names
    assert not result.is_catalog
    assert list(names) == ["acme/app", "acme/tool", "acme/web", "other/thing"]
    first, second = hub.made("GET", of_namespace("acme"))
    assert first.query["page_size"] == ["100"]
    assert second.query["page"] == ["2"]
    assert not any(call.authorization for call in hub.calls)
    assert hub.made("GET", CATALOG) == []


def test_docker_hub_exchanges_the_login_for_a_token(hub, list_of):
    hub.on("GET", of_namespace("acme"), results("private-app"))
    names = list_of("docker_hub", LOGIN, namespaces=["acme"]).names
    assert list(names) == ["acme/private-app"]
    assert json.loads(hub.made("POST")[0].body) == {"identifier": "acme", "secret": SECRET}
    assert hub.made("GET", of_namespace("acme"))[0].authorization == f"Bearer {JWT}"


def test_without_namespaces_the_accounts_are_listed(hub, list_of):
    hub.on("GET", of_namespace("acme"), results("app"))
    hub.on("GET", of_namespace("acme-ci"), results())
    accounts = ["Acme", "someone@example.com", "library", "acme-ci"]
    assert list(list_of("docker_hub", accounts=accounts).names) == ["acme/app"]
    assert len(hub.calls) == 2


def test_official_images_are_not_listed(hub, list_of):
    with pytest.raises(ListingUnavailable):
        list_of("docker_hub", namespaces=["library"])
    assert hub.calls == []


def test_docker_hub_without_a_namespace_has_advice(hub, list_of):
    with pytest.raises(ListingUnavailable, match=r"^docker_hub_without_namespace$"):
        list_of("docker_hub")


def test_a_refused_login_is_never_replaced_by_an_anonymous_list(hub, list_of):
    hub.on("POST", "/v2/auth/token", reply({"detail": f"incorrect {SECRET}"}, 401))
    with pytest.raises(Unauthorized, match=r"^(login|credential)_refused ") as caught:
        list_of("docker_hub", LOGIN, namespaces=["acme"])
    assert SECRET not in str(vars(caught.value))
    assert hub.made("GET") == []


@pytest.mark.parametrize(
    "document", [{}, [], {"access_token": None}, {"access_token": "a\nb"}, {"access_token": ""}]
)
def test_an_answer_without_a_token_is_an_error(hub, list_of, document):
    hub.on("POST", "/v2/auth/token", reply(document))
    with pytest.raises(Unauthorized, match=r"^docker_hub_without_token$"):
        list_of("docker_hub", LOGIN, namespaces=["acme"])


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_the_secret_follows_no_redirect(hub, other_server, list_of, status):
    hub.on(
        "POST",
        "/v2/auth/token",
        Reply(status, headers={"Location": f"{other_server.url}/v2/auth/token"}),
    )
    with pytest.raises(ResponseError, match=f"http_status={status}"):
        list_of("docker_hub", LOGIN, namespaces=["acme"])
    assert other_server.calls == []


def test_the_token_is_sent_to_no_other_host(hub, other_server, list_of):
    hub.on(
        "GET", of_namespace("acme"), Reply(302, headers={"Location": f"{other_server.url}/list"})
    )
    other_server.on("GET", "/list", results("evil"))
    with pytest.raises(ListingUnavailable, match=r"^namespaces_not_listed .*not_the_api"):
        list_of("docker_hub", LOGIN, namespaces=["acme"])
    assert not any(call.authorization for call in other_server.calls)


def test_a_next_page_on_another_host_is_refused(hub, other_server, list_of):
    hub.on(
        "GET",
        of_namespace("acme"),
        results("app", following=f"{other_server.url}{of_namespace('acme')}?page=2"),
    )
    with pytest.raises(EgressRefused, match=r"^list_continues_elsewhere "):
        list(list_of("docker_hub", LOGIN, namespaces=["acme"]).names)
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
    assert list(list_of("docker_hub", namespaces=["acme"]).names) == ["acme/app"]
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
    assert len(list(list_of("docker_hub", namespaces=["acme"]).names)) == 25


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
    assert list(list_of("docker_hub", namespaces=["acme"]).names) == []


@pytest.mark.parametrize(
    "body", [b'{"results": "x"}', b'{"results": [{"name": "' + b"a" * 10_000_000 + b'"}]}']
)
def test_unreadable_answers_of_docker_hub(hub, list_of, body):
    hub.on("GET", of_namespace("acme"), Reply(body=body))
    with pytest.raises(InvalidManifest):
        list_of("docker_hub", namespaces=["acme"])


def test_a_missing_namespace_is_reported_after_the_others(hub, list_of):
    hub.on("GET", of_namespace("gone"), reply({"message": "object not found"}, 404))
    hub.on("GET", of_namespace("acme"), results("app"))
    names = list_of("docker_hub", namespaces=["gone", "acme"]).names
    assert next(names) == "acme/app"
    with pytest.raises(ListingUnavailable, match=r"^namespaces_(unknown|not_listed) names=gone "):
        next(names)


def test_a_missing_namespace_alone(hub, list_of):
    hub.on("GET", of_namespace("gone"), reply({"message": "object not found"}, 404))
    with pytest.raises(ListingUnavailable, match=r"^namespaces_(unknown|not_listed) names=gone "):
        list_of("docker_hub", namespaces=["gone"])


def test_secrets_stay_out_of_logs_and_errors(hub, list_of, caplog):
    caplog.set_level(logging.DEBUG)
    hub.on("GET", of_namespace("acme"), reply({"message": f"no {JWT} {SECRET}"}, 403))
    with pytest.raises(ListingUnavailable, match="denied_listing") as caught:
        list_of("docker_hub", LOGIN, namespaces=["acme"])
    shown = f"{caplog.text} {vars(caught.value)} {caught.value}"
    assert SECRET not in shown
    assert JWT not in shown
