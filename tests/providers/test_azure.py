import pytest

from registry_ui.providers.advice import advice_for
from registry_ui.providers.azure import AzureAcr


@pytest.mark.parametrize("host", ["mine.azurecr.io", "mine.azurecr.cn", "mine.azurecr.us"])
def test_its_hosts_are_recognized(host):
    assert AzureAcr().matches_host(host)


@pytest.mark.parametrize("host", ["azurecr.io", "mine.azurecr.io.evil.example"])
def test_similar_hosts_are_not_its_own(host):
    assert not AzureAcr().matches_host(host)


def test_its_advice_is_its_own():
    assert "AcrPush" in advice_for("mine.azurecr.io", "denied_push", repository="team/app")
