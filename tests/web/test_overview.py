import pytest

from registry_ui.web import overview


@pytest.fixture(autouse=True)
def no_sections(monkeypatch):
    monkeypatch.setattr(overview.OVERVIEW_SECTIONS, "_items", [])


def second(request):
    return "web/_logo.html", {}


def first(request):
    return "web/_keys.html", {}


def silent(request):
    return None


def test_a_new_installation_shows_three_steps(client_for, alice):
    page = client_for(alice).get("/").text
    assert "Three steps to the first image" in page
    for path in ("/registries/add/", "/transfers/pull/", "/transfers/publish/"):
        assert f'href="{path}"' in page


def test_sections_stand_in_their_order(client_for, alice):
    overview.OVERVIEW_SECTIONS.add(second, order=20)
    overview.OVERVIEW_SECTIONS.add(first, order=10)
    overview.OVERVIEW_SECTIONS.add(silent, order=15)
    response = client_for(alice).get("/")
    assert [section.split()[0] for section in response.context["sections"]] == ["<dialog", "<svg"]
    assert "Three steps" not in response.text


def test_a_section_is_registered_once():
    overview.OVERVIEW_SECTIONS.add(first, order=10)
    overview.OVERVIEW_SECTIONS.add(first, order=10)
    assert len(list(overview.OVERVIEW_SECTIONS)) == 1


def test_sections_with_nothing_to_say_leave_the_steps(client_for, alice):
    overview.OVERVIEW_SECTIONS.add(silent, order=10)
    assert "Three steps" in client_for(alice).get("/").text


def test_it_rejects_post(client_for, alice):
    assert client_for(alice).post("/").status_code == 405
