import socket
import threading

import pytest

from registry_ui.environment import EngineSetting
from registry_ui.images.engines.client import Engine
from registry_ui.images.engines.errors import (
    EngineFailed,
    EngineImageUnknown,
    EngineRefusedCall,
    EngineUnreachable,
)
from registry_ui.oci.errors import Cancelled
from registry_ui.oci.reference import Reference
from registry_ui.oci.store import Cancellation
from registry_ui.web.errors import describe


@pytest.fixture
def setting(docker_engine):
    return EngineSetting("build", docker_engine.host, frozenset({"*"}))


@pytest.mark.engine
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/containers/create"),
        ("POST", "/containers/abc/exec"),
        ("POST", "/build"),
        ("GET", "/info"),
        ("POST", "/images/prune"),
        ("POST", "/volumes/create"),
        ("PUT", "/images/load"),
        ("POST", "/images/../containers/create"),
        ("GET", "/images/json/../../containers/abc/archive"),
    ],
)
def test_a_call_that_is_not_listed_is_never_sent(setting, method, path):
    with Engine(setting) as engine, pytest.raises(EngineRefusedCall):
        engine._client.request(method, f"http+docker://localhost/v1.41{path}")


@pytest.mark.engine
def test_a_missing_image_is_unknown(setting):
    with Engine(setting) as engine, pytest.raises(EngineImageUnknown) as caught:
        engine.inspect("example.com/no/such:image")
    assert "build" in describe(caught.value).sentence
    assert describe(caught.value).advice


@pytest.mark.engine
def test_logins_of_the_home_folder_are_not_used(setting, tmp_path, monkeypatch):
    (tmp_path / ".docker").mkdir()
    (tmp_path / ".docker" / "config.json").write_text(
        '{"auths": {"127.0.0.1:1": {"auth": "c2VjcmV0OmNhbmFyeQ=="}}}'
    )
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / ".docker"))

    with Engine(setting) as engine:
        assert engine._client._auth_configs.auths == {}


def test_the_error_of_an_unreachable_engine_has_its_name_and_advice(tmp_path):
    setting = EngineSetting("edge", f"unix://{tmp_path / 'nothing.sock'}", frozenset({"*"}))

    with pytest.raises(EngineUnreachable) as caught, Engine(setting):
        pass

    assert "edge" in describe(caught.value).sentence
    assert "socket" in describe(caught.value).advice


@pytest.mark.engine
def test_a_cancelled_call_raises_cancelled(setting):
    cancellation = Cancellation()
    with Engine(setting, cancellation) as engine:
        cancellation.request()
        with pytest.raises(Cancelled):
            list(engine.load(iter([b"never sent"])))


@pytest.mark.engine
def test_an_invalid_archive_gives_the_engines_own_error(setting):
    with Engine(setting) as engine, pytest.raises(EngineFailed) as caught:
        list(engine.load(iter([b"this is no tar" * 1000])))
    assert describe(caught.value).sentence.startswith("The engine build says:")


@pytest.fixture
def silent_engine(tmp_path):
    """Yield an engine that begins a pull and then says nothing, and its closed connections."""
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(tmp_path / "engine.sock"))
    server.listen()
    pulling, closed = threading.Event(), threading.Event()

    def answer(connection: socket.socket) -> None:
        with connection:
            while head := connection.recv(65536):
                if b" /version" in head:
                    body = b'{"ApiVersion": "1.41"}'
                    length = f"Content-Length: {len(body)}\r\n\r\n".encode()
                    connection.sendall(b"HTTP/1.1 200 OK\r\n" + length + body)
                else:
                    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
                    connection.sendall(b'13\r\n{"status":"begun"}\n\r\n')
                    pulling.set()
        closed.set()

    def serve() -> None:
        while True:
            try:
                connection, _address = server.accept()
            except OSError:
                return
            threading.Thread(target=answer, args=[connection], daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    with server:
        yield (
            EngineSetting("build", f"unix://{server.getsockname()}", frozenset({"*"})),
            pulling,
            closed,
        )


def test_a_cancellation_wakes_a_call_that_waits_for_the_engine(silent_engine):
    setting, pulling, closed = silent_engine
    cancellation = Cancellation()

    def cancel() -> None:
        pulling.wait()
        cancellation.request()

    threading.Thread(target=cancel, daemon=True).start()
    with Engine(setting, cancellation) as engine, pytest.raises(Cancelled):
        list(engine.pull(Reference.parse("app:1"), platform="", login=None))

    assert closed.wait(5), "the engine stops a pull whose connection has closed"
