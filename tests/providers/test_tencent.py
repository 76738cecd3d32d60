import pytest

from registry_ui.providers.advice import advice_for
from registry_ui.providers.tencent import TencentTcr


@pytest.mark.parametrize("host", ["my-company.tencentcloudcr.com", "ccr.ccs.tencentyun.com"])
def test_its_hosts_are_recognized(host):
    assert TencentTcr().matches_host(host)


@pytest.mark.parametrize("host", ["tencentcloudcr.com.evil.example", "ccs.tencentyun.com"])
def test_similar_hosts_are_not_its_own(host):
    assert not TencentTcr().matches_host(host)


def test_its_advice_is_its_own():
    assert "namespace" in advice_for(
        "my-company.tencentcloudcr.com", "missing", repository="team/app"
    )
