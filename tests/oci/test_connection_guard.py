"""Libraries that open connections of their own, restricted by the audit hook."""

import socket
import threading

import pytest
import requests

from registry_ui.oci.connection_guard import guarded
from registry_ui.oci.egress import EgressPolicy
from registry_ui.oci.errors import EgressRefused
from tests.parts.scripted_server import Reply, scripted_server

NEAR = EgressPolicy(allow_private=True, allow_loopback=True)
FAR = EgressPolicy(allow_private=False, allow_loopback=False)


@pytest.fixture
def server():
    with scripted_server() as server:
        yield server


def test_the_host_that_a_person_named_is_reached_where_the_policy_allows_it(server):
    server.on("GET", "/", Reply())
    with guarded(NEAR, "127.0.0.1"):
        assert requests.get(f"http://127.0.0.1:{server.port}/", timeout=5).status_code == 200


@pytest.mark.parametrize(("policy", "host"), [(FAR, "127.0.0.1"), (NEAR, ""), (NEAR, "192.0.2.1")])
def test_loopback_is_refused_by_the_policy_and_for_other_hosts(server, policy, host):
    with guarded(policy, host), pytest.raises(EgressRefused):
        requests.get(f"http://127.0.0.1:{server.port}/", timeout=5)
    assert server.calls == []


@pytest.mark.parametrize(
    "address", ["169.254.169.254", "100.100.100.200", "0.0.0.0", "::ffff:169.254.169.254"]
)
def test_link_local_and_metadata_addresses_are_never_reached(address):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with guarded(NEAR, address), socket.socket(family) as sock, pytest.raises(EgressRefused):
        sock.connect((address, 80))


def test_a_redirect_is_judged_like_a_first_address(server):
    server.on(
        "GET", "/", Reply(302, headers={"Location": "http://169.254.169.254/latest/meta-data/"})
    )
    with guarded(NEAR, "127.0.0.1"), pytest.raises(EgressRefused):
        requests.get(f"http://127.0.0.1:{server.port}/", timeout=5)


def test_sockets_of_the_file_system_are_refused(tmp_path):
    with (
        guarded(NEAR, "127.0.0.1"),
        socket.socket(socket.AF_UNIX) as sock,
        pytest.raises(EgressRefused),
    ):
        sock.connect(str(tmp_path / "docker.sock"))


def test_other_threads_and_later_connections_are_not_judged(server):
    server.on("GET", "/", Reply())
    answers = []

    def ask():
        answers.append(requests.get(f"http://127.0.0.1:{server.port}/", timeout=5).status_code)

    with guarded(FAR):
        thread = threading.Thread(target=ask)
        thread.start()
        thread.join()
    ask()

    assert answers == [200, 200]


def test_the_installations_proxy_is_not_judged(server):
    server.on("GET", "/", Reply())
    policy = EgressPolicy(
        allow_private=False, allow_loopback=False, proxy_url=f"http://127.0.0.1:{server.port}"
    )
    with guarded(policy):
        assert requests.get(f"http://127.0.0.1:{server.port}/", timeout=5).status_code == 200
