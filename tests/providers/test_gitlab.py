import pytest

from registry_ui.providers.advice import advice_for
from registry_ui.providers.gitlab import GitLab


@pytest.mark.parametrize("host", ["registry.gitlab.com"])
def test_its_hosts_are_recognized(host):
    assert GitLab().matches_host(host)


@pytest.mark.parametrize("host", ["registry.gitlab.com.evil.example", "gitlab.com"])
def test_similar_hosts_are_not_its_own(host):
    assert not GitLab().matches_host(host)


def test_its_advice_is_its_own():
    assert "read_registry" in advice_for(
        "registry.gitlab.com", "denied_pull", repository="team/app"
    )


def test_its_token_service_is_on_the_web_host():
    assert GitLab().token_hosts("registry.gitlab.com") == ("gitlab.com",)
    assert GitLab().token_hosts("registry.example.com") == ()
