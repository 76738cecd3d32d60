import pytest
from django.test import RequestFactory

from registry_ui.accounts.redirects import local_url


def checked(url, **extra):
    return local_url(RequestFactory().get("/", headers={"Host": "testserver"}, **extra), url)


@pytest.mark.parametrize("url", ["/images/", "/images/?q=a&b", "http://testserver/images/"])
def test_an_address_on_this_site_is_kept(url):
    assert checked(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/",
        "//evil.example/",
        "///evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        "data:text/html,x",
        "\\\\evil.example",
        "http:///evil.example",
        "http://testserver@evil.example/",
        "http://testserver.evil.example/",
        "\x08//evil.example",
        " //evil.example",
        "http://[evil",
        "",
    ],
)
def test_an_address_elsewhere_is_dropped(url):
    assert checked(url) == ""


def test_a_secure_page_leads_to_no_plain_one():
    assert checked("http://testserver/images/", secure=True) == ""
    assert checked("https://testserver/images/", secure=True) == "https://testserver/images/"
