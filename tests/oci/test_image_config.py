import pytest

from registry_ui.oci.image_config import Healthcheck, config_facts

SECOND = 1_000_000_000


def facts(**run):
    return config_facts({"os": "linux", "architecture": "amd64", "config": run})


def test_all_settings_of_a_config():
    settings = facts(
        User="101",
        WorkingDir="/srv",
        Entrypoint=["/start"],
        Cmd=["serve", "--port=80"],
        Env=["PATH=/bin", "EMPTY="],
        ExposedPorts={"80/tcp": {}},
        Volumes={"/data": {}},
        Labels={"b": "2", "a": "1"},
        StopSignal="SIGQUIT",
    )

    assert (settings.platform, settings.user, settings.working_directory, settings.stop_signal) == (
        "linux/amd64",
        "101",
        "/srv",
        "SIGQUIT",
    )
    assert (settings.entrypoint, settings.command) == ('["/start"]', '["serve", "--port=80"]')
    assert settings.environment == [("PATH", "/bin"), ("EMPTY", "")]
    assert (settings.ports, settings.volumes, settings.labels) == (
        ["80/tcp"],
        ["/data"],
        [("a", "1"), ("b", "2")],
    )
    assert settings.healthcheck is None
    assert not settings.is_cut


@pytest.mark.parametrize(
    ("test", "command"),
    [
        (
            ["CMD-SHELL", "curl -f http://localhost/ || exit 1"],
            "curl -f http://localhost/ || exit 1",
        ),
        (["CMD", "/probe", "--fast"], '["/probe", "--fast"]'),
        (["/probe"], '["/probe"]'),
    ],
)
def test_a_health_check_in_its_forms(test, command):
    check = facts(
        Healthcheck={
            "Test": test,
            "Interval": 30 * SECOND,
            "Timeout": SECOND // 2,
            "StartPeriod": 0,
            "Retries": 3,
        }
    ).healthcheck

    assert check == Healthcheck(command, interval=30, timeout=0.5, retries=3)


def test_a_health_check_can_be_switched_off():
    assert facts(Healthcheck={"Test": ["NONE"]}).healthcheck == Healthcheck(is_disabled=True)


@pytest.mark.parametrize(
    "check", [None, [], "curl", {"Test": []}, {"Test": "curl"}, {"Test": [7]}, {"Interval": SECOND}]
)
def test_malformed_health_check_is_ignored(check):
    assert facts(Healthcheck=check).healthcheck is None


@pytest.mark.parametrize("number", [10**400, -1, True, "30s", 1.5, None])
def test_strange_numbers_of_a_health_check_are_left_out(number):
    check = facts(
        Healthcheck={
            "Test": ["CMD", "x"],
            "Interval": number,
            "Timeout": number,
            "StartInterval": number,
            "Retries": number,
        }
    )

    assert check.healthcheck == Healthcheck('["x"]')


@pytest.mark.parametrize(
    "document",
    [{}, {"config": []}, {"config": None}, {"config": {"Env": {}, "Labels": [], "Healthcheck": 7}}],
)
def test_a_config_of_another_shape_is_empty(document):
    assert config_facts(document) == config_facts({})


def test_too_many_labels_are_cut_and_marked():
    settings = facts(Labels={str(number): "x" for number in range(501)})

    assert len(settings.labels) == 500
    assert settings.is_cut
