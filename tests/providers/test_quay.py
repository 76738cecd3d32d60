import pytest

from registry_ui.providers.advice import advice_for
from registry_ui.providers.quay import Quay


@pytest.mark.parametrize("host", ["quay.io"])
def test_its_hosts_are_recognized(host):
    assert Quay().matches_host(host)


@pytest.mark.parametrize("host", ["quay.io.evil.example", "notquay.io"])
def test_similar_hosts_are_not_its_own(host):
    assert not Quay().matches_host(host)


def test_its_advice_is_its_own():
    assert "robot" in advice_for("quay.io", "login", repository="team/app")
