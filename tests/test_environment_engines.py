"""The setting REGISTRY_UI_ENGINES."""

from pathlib import Path

import pytest
from environs import EnvError

from registry_ui.environment import EngineSetting, engine_settings


def test_a_socket_and_a_tls_address_are_parsed(tmp_path):
    for name in ("ca.pem", "cert.pem", "key.pem"):
        (tmp_path / name).touch()

    engines = engine_settings(
        [
            "build=unix:///run/docker.sock?teams=harbour+web",
            f"edge=tcp://10.0.0.5:2376?certs={tmp_path}&teams=*",
        ]
    )

    assert engines == (
        EngineSetting("build", "unix:///run/docker.sock", frozenset({"harbour", "web"})),
        EngineSetting("edge", "tcp://10.0.0.5:2376", frozenset({"*"}), Path(tmp_path)),
    )


def test_there_are_no_engines_by_default(settings):
    assert engine_settings([]) == ()
    assert settings.ENGINES == ()


@pytest.mark.parametrize(
    "text",
    [
        "unix:///run/docker.sock",
        "build=unix:///run/docker.sock",
        "build=/run/docker.sock?teams=a",
        "build=tcp://10.0.0.5:2375?teams=a",
        "build=tcp://10.0.0.5:2376?teams=a&certs=/nowhere",
        "build=ssh://host?teams=a",
        "Büro=unix:///x?teams=a",
    ],
)
def test_settings_without_teams_or_encryption_are_refused(text):
    with pytest.raises(EnvError, match="REGISTRY_UI_ENGINES"):
        engine_settings([text])


def test_two_engines_with_one_name_are_refused():
    with pytest.raises(EnvError, match="alike"):
        engine_settings(["a=unix:///x?teams=t", "a=unix:///y?teams=t"])
