import pytest

from registry_ui.providers.endpoints import approved_token_hosts, endpoint_for


def test_docker_hub_has_its_api_and_its_tokens_elsewhere():
    endpoint = endpoint_for("docker.io")
    assert endpoint.base_url == "https://registry-1.docker.io"
    assert endpoint.is_approved("auth.docker.io")
    assert not endpoint.is_approved("auth.docker.io.evil.example")


def test_another_registry_has_its_own_host_only():
    endpoint = endpoint_for("registry.example.com:5000", scheme="http", ca_pem="pem")
    assert endpoint.base_url == "http://registry.example.com:5000"
    assert endpoint.token_hosts == ()
    assert endpoint.ca_pem == "pem"


@pytest.mark.parametrize(
    ("host", "configured", "expected"),
    [
        ("registry.gitlab.com", [], ("gitlab.com",)),
        ("registry.gitlab.com", ["auth.example.com"], ("gitlab.com", "auth.example.com")),
        ("registry.example.com", ["[2001:db8::1]"], ("2001:db8::1",)),
    ],
)
def test_known_and_configured_token_services_are_approved(host, configured, expected):
    assert approved_token_hosts(host, configured) == expected
