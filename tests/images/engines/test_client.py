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
from registry_ui.oci.store import Cancellation


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
    assert "build" in caught.value.message
    assert caught.value.advice


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

    assert "edge" in caught.value.message
    assert "socket" in caught.value.advice


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
    assert caught.value.message.startswith("The engine build says:")
