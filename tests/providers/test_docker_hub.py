import pytest

from registry_ui.providers.advice import advice_for
from registry_ui.providers.docker_hub import DockerHub


@pytest.mark.parametrize("host", ["docker.io"])
def test_its_hosts_are_recognized(host):
    assert DockerHub().matches_host(host)


@pytest.mark.parametrize("host", ["notdocker.io", "docker.io.evil.example"])
def test_similar_hosts_are_not_its_own(host):
    assert not DockerHub().matches_host(host)


def test_its_advice_is_its_own():
    assert "Read & Write" in advice_for("docker.io", "denied_push", repository="team/app")
