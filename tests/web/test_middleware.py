import gzip

from django.contrib import messages
from django.http import HttpResponse
from django.test import RequestFactory

from registry_ui.web.middleware import FragmentMiddleware

HOSTILE = "<script>alert(1)</script>"


def say(request):
    messages.error(request, f"{HOSTILE} was refused")
    return []


def test_messages_are_toasts_that_a_screen_reader_hears(client_for, alice, monkeypatch):
    monkeypatch.setattr("registry_ui.web.views.render_sections", say)
    page = client_for(alice).get("/").text
    assert 'id="toasts" role="status" aria-live="polite"' in page
    assert 'class="toast toast-error"' in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; was refused" in page
    assert HOSTILE not in page


def test_a_message_is_shown_once(client_for, alice, monkeypatch):
    monkeypatch.setattr("registry_ui.web.views.render_sections", say)
    client = client_for(alice)
    client.get("/")
    monkeypatch.undo()
    assert "was refused" not in client.get("/").text


def fragment(response: HttpResponse, **headers: str) -> HttpResponse:
    request = RequestFactory().get("/", headers={"HX-Request": "true", **headers})

    class Waiting(list):
        used = False

    message = messages.storage.base.Message(messages.ERROR, HOSTILE)
    request._messages = Waiting([message])
    return FragmentMiddleware(lambda _request: response)(request)


def test_a_fragment_brings_its_messages_out_of_band():
    html = fragment(HttpResponse("<p>Row</p>")).text
    assert html.startswith("<p>Row</p>")
    assert 'hx-swap-oob="beforeend:#toasts"' in html
    assert HOSTILE not in html


def test_messages_wait_where_the_answer_cannot_carry_them():
    for response in (
        HttpResponse("{}", content_type="application/json"),
        HttpResponse(status=204),
        HttpResponse("", headers={"HX-Redirect": "/"}),
        HttpResponse("gone", status=404),
    ):
        assert "toast" not in fragment(response).text
    assert "toast" not in fragment(HttpResponse("<p>Page</p>"), **{"HX-Boosted": "true"}).text


def test_a_page_is_compressed_for_browsers_that_take_it(client, db):
    plain = client.get("/account/login/")
    packed = client.get("/account/login/", headers={"Accept-Encoding": "gzip, br"})

    assert "Content-Encoding" not in plain.headers
    assert packed["Content-Encoding"] == "gzip"
    assert len(packed.content) < len(plain.content) / 2
    assert int(packed["Content-Length"]) == len(packed.content)
    assert b"<title>" in gzip.decompress(packed.content)
    assert "Accept-Encoding" in packed["Vary"]


def test_other_answers_stay_as_they_are(client, db):
    for address in ("/healthz", "/v2/"):
        answer = client.get(address, headers={"Accept-Encoding": "gzip"})
        assert "Content-Encoding" not in answer.headers


def test_the_size_of_a_compressed_page_varies(client, db):
    """The same page has several sizes, so that a guess of its token cannot be measured."""
    sizes = {
        len(client.get("/account/login/", headers={"Accept-Encoding": "gzip"}).content)
        for _number in range(12)
    }
    assert len(sizes) > 1
