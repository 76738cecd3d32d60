import re
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src "
    "'self'; font-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def raise_error(request):
    raise RuntimeError("a part of this page broke")


PATHS = {
    "/": 200,
    "/preferences/": 200,
    "/account/password/change/": 200,
    "/nothing/here/": 404,
    "/team/switch/": 405,
    "/healthz": 200,
}


def assert_safe(response):
    assert response.headers["Content-Security-Policy"] == POLICY
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Referrer-Policy"] == "same-origin"
    assert response.headers["X-Frame-Options"] == "DENY"
    assert "no-store" in response.headers["Cache-Control"]


@pytest.mark.parametrize(("path", "status"), PATHS.items())
def test_every_page_has_the_headers(client_for, alice, path, status):
    response = client_for(alice).get(path)
    assert response.status_code == status
    assert_safe(response)


@pytest.mark.parametrize(
    "path", ["/", "/account/login/", "/setup/x/", "/healthz", "/nothing/here/"]
)
def test_anonymous_pages_have_the_headers_too(client, db, path):
    assert_safe(client.get(path))


def test_so_have_refusals_and_failures(client_for, alice, monkeypatch):
    assert_safe(client_for(alice).get("/", headers={"host": "evil.example"}))
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(alice)
    assert_safe(strict.post("/preferences/"))
    client = client_for(alice)
    client.raise_request_exception = False
    monkeypatch.setattr("registry_ui.web.views.render_sections", raise_error)
    response = client.get("/")
    assert response.status_code == 500
    assert_safe(response)


def test_the_session_cookie_is_kept_from_scripts_and_other_sites(client, alice):
    client.post("/account/login/", {"login": "alice", "password": "correct horse battery staple"})
    cookie = client.cookies[settings.SESSION_COOKIE_NAME]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"


def test_static_files_have_nosniff(client, db):
    response = client.get("/static/site.css")
    assert response.status_code == 200
    assert response.headers["X-Content-Type-Options"] == "nosniff"


def templates() -> list[Path]:
    return sorted((settings.BASE_DIR / "templates").rglob("*.html"))


INLINE = re.compile(r"""\sstyle=|<style|\son[a-z]+=|javascript:|hx-on|hx-vals=['"]js:""")
INLINE_SCRIPT = re.compile(r"<script(?![^>]*\ssrc=)")
FOREIGN = re.compile(r"""(?:src|href)=["']https?://""")


def test_no_template_has_inline_script_or_style():
    paths = templates()
    assert len(paths) > 100
    for path in paths:
        source = path.read_text()
        for pattern in (INLINE, INLINE_SCRIPT, FOREIGN):
            assert pattern.findall(source) == [], path


def test_scripts_are_short_and_evaluate_nothing():
    for path in (settings.BASE_DIR / "static/js").glob("*.js"):
        source = path.read_text()
        assert len(source.splitlines()) < 80, path.name
        assert (
            re.findall(
                r"\beval\(|new Function|innerHTML|insertAdjacentHTML|document\.write|https?://",
                source,
            )
            == []
        ), path.name
