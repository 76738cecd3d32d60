import pytest

from registry_ui.providers.advice import advice_for
from registry_ui.providers.aliyun import AliyunAcr


@pytest.mark.parametrize(
    "host",
    [
        "registry.cn-hangzhou.aliyuncs.com",
        "my-registry.cn-shanghai.cr.aliyuncs.com",
        "crpi-x.cn-beijing.personal.cr.aliyuncs.com",
    ],
)
def test_its_hosts_are_recognized(host):
    assert AliyunAcr().matches_host(host)


@pytest.mark.parametrize("host", ["aliyuncs.com.evil.example", "aliyuncs.com"])
def test_similar_hosts_are_not_its_own(host):
    assert not AliyunAcr().matches_host(host)


def test_its_advice_is_its_own():
    assert "namespace must exist" in advice_for(
        "registry.cn-hangzhou.aliyuncs.com", "missing", repository="team/app"
    )


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("registry.cn-hangzhou.aliyuncs.com", "dockerauth.cn-hangzhou.aliyuncs.com"),
        ("registry-vpc.cn-hangzhou.aliyuncs.com", "dockerauth-vpc.cn-hangzhou.aliyuncs.com"),
        ("registry-intl.ap-southeast-1.aliyuncs.com", "dockerauth.ap-southeast-1.aliyuncs.com"),
        ("registry-intl-vpc.eu-central-1.aliyuncs.com", "dockerauth-vpc.eu-central-1.aliyuncs.com"),
        ("my-registry.cn-shanghai.cr.aliyuncs.com", "dockerauth-ee.cn-shanghai.aliyuncs.com"),
        (
            "my-registry-vpc.cn-shanghai.cr.aliyuncs.com",
            "dockerauth-ee-vpc.cn-shanghai.aliyuncs.com",
        ),
        (
            "crpi-a1b2c3.cn-beijing.personal.cr.aliyuncs.com",
            "dockerauth.cn-beijing.aliyuncs.com",
        ),
        ("registry.cn-zhangjiakou.aliyuncs.com", "dockerauth-cn-zhangjiakou.aliyuncs.com"),
    ],
)
def test_token_services_are_known_by_exact_name(host, expected):
    hosts = AliyunAcr().token_hosts(host)
    assert expected in hosts
    assert not any("*" in known for known in hosts)


def test_only_its_own_region_has_the_token_service_of_another_form():
    hosts = AliyunAcr().token_hosts("registry.cn-beijing.aliyuncs.com")
    assert len(hosts) == 4
    assert all(host.endswith(".cn-beijing.aliyuncs.com") for host in hosts)


@pytest.mark.parametrize(
    "host",
    [
        "evil.example.com",
        "registry.cn-hangzhou.aliyuncs.com.evil.example",
        "dockerauth.oss-x.aliyuncs.com",
        "crpi-x.cn-beijing.personal.cr.aliyuncs.com.evil.example",
        "crpi-x.evil.cn-beijing.personal.cr.aliyuncs.com",
        "bucket.cn-beijing.personal.cr.aliyuncs.com",
    ],
)
def test_a_foreign_host_gets_no_token_services(host):
    assert AliyunAcr().token_hosts(host) == ()
