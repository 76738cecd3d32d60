import pytest

from registry_ui.providers.advice import advice_for
from registry_ui.providers.huawei import HuaweiSwr


@pytest.mark.parametrize("host", ["swr.cn-north-4.myhuaweicloud.com"])
def test_its_hosts_are_recognized(host):
    assert HuaweiSwr().matches_host(host)


@pytest.mark.parametrize("host", ["obs.cn-north-4.myhuaweicloud.com"])
def test_similar_hosts_are_not_its_own(host):
    assert not HuaweiSwr().matches_host(host)


def test_its_advice_is_its_own():
    assert "organisation" in advice_for(
        "swr.cn-north-4.myhuaweicloud.com", "missing", repository="team/app"
    )
