"""The egress policy of the installation."""

from registry_ui.egress import egress_policy


def test_the_policy_is_that_of_the_settings(settings):
    settings.EGRESS_ALLOW_PRIVATE, settings.EGRESS_ALLOW_LOOPBACK = False, True
    settings.PROXY_URL, settings.NO_PROXY = "http://proxy.example.com:3128", ["hub.example.com"]

    policy = egress_policy()

    assert (policy.allow_private, policy.allow_loopback) == (False, True)
    assert policy.proxy_url == "http://proxy.example.com:3128"
    assert policy.no_proxy == ("hub.example.com",)


def test_an_empty_proxy_is_none(settings):
    settings.PROXY_URL = ""

    assert egress_policy().proxy_url is None
