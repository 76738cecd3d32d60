import pytest

from registry_ui.providers.advice import advice_for
from registry_ui.providers.ghcr import Ghcr


@pytest.mark.parametrize("host", ["ghcr.io"])
def test_its_hosts_are_recognized(host):
    assert Ghcr().matches_host(host)


@pytest.mark.parametrize("host", ["ghcr.io.evil.example", "github.com"])
def test_similar_hosts_are_not_its_own(host):
    assert not Ghcr().matches_host(host)


def test_its_advice_is_its_own():
    assert "write:packages" in advice_for("ghcr.io", "denied_push", repository="team/app")
