import pytest

from registry_ui.web.links import safe_url


@pytest.mark.parametrize(
    "address",
    [
        "https://example.com",
        "http://example.com:8080/a?b=c#d",
        "https://[::1]/x",
        "https://github.com/nginx/docker-nginx.git",
    ],
)
def test_a_web_address_is_linked_to(address):
    assert safe_url(address) == address


@pytest.mark.parametrize(
    "address",
    [
        "",
        "nginx",
        "//example.com/",
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        " javascript:alert(1)",
        "java\nscript:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "vbscript:x",
        "ftp://example.com/",
        "https://",
        "https:///path",
        "https://github.com@evil.example/",
        "https://user:password@example.com/",
        "https://example.com/ two",
        "https://exаmple.com/",  # a Cyrillic letter
        "https://example.com/\u202e",
        "https://example.com\\@evil.example/",
        "https://example.com:99999/",
        "https://[::1",
        "https://example.com/" + "x" * 2000,
    ],
)
def test_everything_else_is_text(address):
    assert safe_url(address) == ""
