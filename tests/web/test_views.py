import pytest
from django.core.exceptions import PermissionDenied

HTMX = {"HX-Request": "true"}


def refuse(request):
    raise PermissionDenied("This needs the role “Operator”.")


def fail(request):
    raise RuntimeError("secret detail of the failure")


def test_a_missing_page_says_why_and_where_to_go(client_for, alice):
    response = client_for(alice).get("/nothing/here/")
    assert response.status_code == 404
    assert "There is nothing here" in response.text
    assert 'href="/"' in response.text
    assert 'aria-label="Main"' in response.text


def test_an_anonymous_user_gets_it_without_the_navigation(client, db):
    response = client.get("/nothing/here/")
    assert response.status_code == 404
    assert 'aria-label="Main"' not in response.text


def test_a_refusal_names_the_reason(client_for, alice, monkeypatch):
    monkeypatch.setattr("registry_ui.web.views.render_sections", refuse)
    response = client_for(alice).get("/")
    assert response.status_code == 403
    assert "This needs the role “Operator”." in response.text


def test_a_failure_tells_nothing_of_its_cause(client_for, alice, monkeypatch):
    monkeypatch.setattr("registry_ui.web.views.render_sections", fail)
    client = client_for(alice)
    client.raise_request_exception = False
    response = client.get("/")
    assert response.status_code == 500
    assert "The server failed" in response.text
    assert "secret detail" not in response.text


def test_the_failure_page_needs_neither_database_nor_session(client, rf, django_db_blocker):
    from registry_ui.web.views import server_error

    with django_db_blocker.block():
        assert "The server failed" in server_error(rf.get("/")).text


def test_a_foreign_host_name_is_refused_with_advice(client, db):
    response = client.get("/", headers={"host": "evil.example"})
    assert response.status_code == 400
    assert "REGISTRY_UI_ALLOWED_HOSTS" in response.text


def test_a_fragment_gets_a_sentence_instead_of_a_page(client_for, alice, monkeypatch):
    client = client_for(alice)
    missing = client.get("/nothing/here/", headers=HTMX)
    assert missing.headers["Content-Type"].startswith("text/plain")
    assert missing.text == "This is not here any more. Reload the page."
    monkeypatch.setattr("registry_ui.web.views.render_sections", refuse)
    assert client.get("/", headers=HTMX).text == "This needs the role “Operator”."


def test_the_navigation_gets_the_whole_page(client_for, alice):
    response = client_for(alice).get("/nothing/here/", headers=HTMX | {"HX-Boosted": "true"})
    assert "<main" in response.text


def test_a_fragment_of_a_session_that_ended_leads_to_the_sign_in(client, db):
    response = client.get("/preferences/", headers=HTMX)
    assert response.headers["HX-Redirect"] == "/account/login/?next=/preferences/"


@pytest.mark.parametrize("status", [400, 403, 404, 429])
def test_every_status_has_a_sentence(status):
    from registry_ui.web.views import _SENTENCES

    assert _SENTENCES[status]().endswith(".")
