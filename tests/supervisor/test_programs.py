"""The programs of an installation, and the address that they serve."""

import socket
from pathlib import Path

import pytest

from registry_ui.supervisor.programs import Address, BadSetting, Program, programs, redis_binary
from tests.parts.processes import free_port
from tests.parts.scripted_server import Reply, scripted_server

ADDRESS = Address("127.0.0.1", 8000)


@pytest.fixture
def environment(monkeypatch, tmp_path):
    """Return a function that sets variables; the data folder is a new one."""

    def put(**values):
        for name, value in values.items():
            monkeypatch.setenv(f"REGISTRY_UI_{name}", value)

    put(DATA=str(tmp_path))
    return put


def names(parts):
    return [program.name for program in programs(parts, ADDRESS)]


# --- the address


@pytest.mark.parametrize(
    ("text", "address", "local"),
    [
        ("127.0.0.1:8000", "127.0.0.1:8000", "127.0.0.1:8000"),
        ("0.0.0.0:80", "0.0.0.0:80", "127.0.0.1:80"),
        ("[::]:65535", "[::]:65535", "[::1]:65535"),
        ("::1:8000", "[::1]:8000", "[::1]:8000"),
        ("ui.example.com:8000", "ui.example.com:8000", "ui.example.com:8000"),
    ],
)
def test_an_address_is_read_with_the_one_to_connect_to(environment, text, address, local):
    environment(LISTEN=text)

    listen = Address.from_environment()

    assert str(listen) == address
    assert listen.local.url == f"http://{local}"


@pytest.mark.parametrize(
    "text", ["8000", ":8000", "127.0.0.1", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:65536", "a:b"]
)
def test_anything_but_an_address_with_a_port_is_refused(environment, text):
    environment(LISTEN=text)

    with pytest.raises(BadSetting, match=f"REGISTRY_UI_LISTEN is “{text}”"):
        Address.from_environment()


def test_an_address_in_use_is_refused_with_another_port():
    port = free_port()
    with (
        socket.create_server(("127.0.0.1", port)),
        pytest.raises(BadSetting, match="Address already in use") as refused,
    ):
        Address("127.0.0.1", port).check_free()
    assert f"REGISTRY_UI_LISTEN=127.0.0.1:{port + 1}" in str(refused.value)

    Address("127.0.0.1", port).check_free()


def test_an_address_of_another_machine_is_refused():
    with pytest.raises(BadSetting, match="cannot be listened on"):
        Address("192.0.2.1", 8000).check_free()


def test_only_a_healthy_page_is_an_answer(environment):
    environment(ALLOWED_HOSTS=".example.com")
    with scripted_server() as server:
        server.on("GET", "/healthz", Reply(503), Reply(302, headers={"Location": "/"}), Reply(200))
        address = Address("127.0.0.1", server.port)

        assert [address.answers() for _request in range(3)] == [False, False, True]
        assert {call.headers["Host"] for call in server.calls} == {"example.com"}
    assert not address.answers()


def test_a_server_that_speaks_something_else_is_no_answer(environment):
    with scripted_server() as server:
        server.on("GET", "/healthz", Reply(reset=True))

        assert not Address("127.0.0.1", server.port).answers()


# --- the programs


def test_the_programs_start_with_the_queue_and_end_with_the_scheduler(environment):
    environment(WORKERS="1", MIRROR_WORKERS="2")

    assert names(["web", "workers", "scheduler"]) == [
        "redis",
        "web",
        "worker-1",
        "mirrors-1",
        "mirrors-2",
        "indexer",
        "scheduler",
    ]


def test_a_queue_of_ones_own_replaces_the_embedded_one(environment):
    environment(REDIS_URL="redis://queue.example.com:6379/0")

    assert names(["scheduler"]) == ["scheduler"]


def test_workers_stop_first_and_the_queue_last(environment):
    order = {program.name: program.stop_order for program in programs(["web", "workers"], ADDRESS)}

    assert order["worker-1"] == order["mirrors-1"] == order["indexer"]
    assert order["worker-1"] < order["web"] < order["redis"]


@pytest.mark.parametrize("name", ["WORKERS", "MIRROR_WORKERS"])
def test_no_workers_at_all_are_refused(environment, name):
    environment(**{name: "0"})

    with pytest.raises(BadSetting, match=f"REGISTRY_UI_{name} is 0"):
        programs(["workers"], ADDRESS)


def test_the_embedded_queue_listens_on_a_private_socket_only(environment, tmp_path):
    (redis,) = programs([], ADDRESS)
    options = dict(zip(redis.command[1::2], redis.command[2::2], strict=True))

    assert Path(redis.command[0]) == redis_binary()
    assert options["--port"] == "0"
    assert options["--unixsocket"] == str(tmp_path / "redis.sock")
    assert (tmp_path / "redis").stat().st_mode & 0o777 == 0o700
    assert redis.ready is not None
    assert not redis.ready()


def test_the_queue_is_ready_when_it_answers(redis_server, environment):
    environment(DATA=str(Path(redis_server.socket).parent))
    (redis,) = programs([], ADDRESS)

    assert isinstance(redis, Program)
    assert redis.ready()
