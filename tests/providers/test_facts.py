import pytest

from registry_ui.providers.facts import (
    Provider,
    detect_provider,
    list_addable_providers,
    provider_facts,
)
from registry_ui.web.icons import icon


@pytest.mark.parametrize(
    ("host", "provider"),
    [
        ("docker.io", Provider.DOCKER_HUB),
        ("ghcr.io", Provider.GHCR),
        ("registry.cn-hangzhou.aliyuncs.com", Provider.ALIYUN_ACR),
        ("my-registry.cn-shanghai.cr.aliyuncs.com", Provider.ALIYUN_ACR),
        ("123456789012.dkr.ecr.eu-west-1.amazonaws.com", Provider.AWS_ECR),
        ("my-company.tencentcloudcr.com", Provider.TENCENT_TCR),
        ("harbor.example.com:8443", Provider.HARBOR),
        ("aliyuncs.com.evil.example", Provider.PRIVATE),
        ("registry.example.com", Provider.PRIVATE),
    ],
)
def test_the_provider_is_recognised_by_the_host(host: str, provider: Provider) -> None:
    assert detect_provider(host) is provider


def test_every_provider_has_its_facts_and_its_icon() -> None:
    assert {facts.provider for facts in list_addable_providers()} == set(Provider) - {
        Provider.BUILTIN
    }
    for facts in list_addable_providers():
        assert len(facts.secret_steps) == 3
        assert "<svg" in icon(facts.icon)
        assert facts.host or facts.host_example


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("registry.cn-hangzhou.aliyuncs.com", "dockerauth.cn-hangzhou.aliyuncs.com"),
        ("registry-vpc.cn-hangzhou.aliyuncs.com", "dockerauth-vpc.cn-hangzhou.aliyuncs.com"),
        ("my-registry.cn-shanghai.cr.aliyuncs.com", "dockerauth-ee.cn-shanghai.aliyuncs.com"),
    ],
)
def test_token_servers_of_aliyun_are_known_by_exact_name(host: str, expected: str) -> None:
    hosts = provider_facts(Provider.ALIYUN_ACR).token_hosts(host)
    assert expected in hosts
    assert not any("*" in known for known in hosts)


@pytest.mark.parametrize(
    "host",
    [
        "evil.example.com",
        "registry.cn-hangzhou.aliyuncs.com.evil.example",
        "dockerauth.oss-x.aliyuncs.com",
    ],
)
def test_a_foreign_host_gets_no_token_servers_by_calling_itself_aliyun(host: str) -> None:
    assert provider_facts(Provider.ALIYUN_ACR).token_hosts(host) == ()
