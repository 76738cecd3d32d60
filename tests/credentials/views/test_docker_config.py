import base64
import json

import pytest
from django.urls import reverse

from registry_ui.credentials.models import Credential
from tests.parts.registry_rows import CANARY

PASTE, CHOOSE, DONE = (
    reverse(f"registries:{name}")
    for name in ("import_docker_config", "import_choose", "import_done")
)


@pytest.fixture
def text() -> str:
    auth = base64.b64encode(f"johndoe:{CANARY}".encode()).decode()
    auths = {
        "https://index.docker.io/v1/": {"auth": auth},
        "registry.example.com": {"username": "robot", "password": CANARY},
        "quay.io": {},
    }
    return json.dumps({"auths": auths, "credsStore": "desktop"})


def test_paste_choose_done(client_for, alice, team, text) -> None:
    client = client_for(alice)
    assert client.post(PASTE, {"text": text}).url == CHOOSE
    page = client.get(CHOOSE).content.decode()
    assert "johndoe" in page
    assert "the registry itself" in page
    assert "credential store of that machine" in page
    assert not Credential.objects.exists()
    answer = client.post(CHOOSE, {"login": ["1"]}, follow=True)
    assert answer.redirect_chain == [(DONE, 302)]
    imported = Credential.objects.get()
    assert (imported.registry.host, imported.username, imported.team) == (
        "registry.example.com",
        "robot",
        team,
    )
    assert imported.secret.reveal() == CANARY
    assert "robot" in answer.content.decode()
    assert "1 new credential, 1 new registry." in answer.content.decode()


def test_the_secrets_are_in_no_page_and_in_the_session_only_sealed(client_for, alice, text) -> None:
    client = client_for(alice)
    pages = [
        client.post(PASTE, {"text": text}),
        client.get(CHOOSE),
        client.post(CHOOSE, {}),
        client.get(CHOOSE),
    ]
    stored = json.dumps(dict(client.session.items()))
    encoded = base64.b64encode(f"johndoe:{CANARY}".encode()).decode()
    for content in (*(page.content.decode() for page in pages), stored):
        assert CANARY not in content
        assert encoded not in content


def test_after_the_choice_nothing_is_left_in_the_session(client_for, alice, text) -> None:
    client = client_for(alice)
    client.post(PASTE, {"text": text})
    client.post(CHOOSE, {"login": ["0", "1"]})
    assert "sealed" not in json.dumps(dict(client.session.items()))
    assert client.get(CHOOSE).url == PASTE
    assert Credential.objects.count() == 2


def test_discarding_imports_nothing(client_for, alice, text) -> None:
    client = client_for(alice)
    client.post(PASTE, {"text": text})
    assert client.post(CHOOSE, {"discard": "1", "login": ["0"]}).url == reverse("registries:list")
    assert client.get(CHOOSE).url == PASTE
    assert not Credential.objects.exists()


def test_ticking_nothing_is_pointed_out(client_for, alice, text) -> None:
    client = client_for(alice)
    client.post(PASTE, {"text": text})
    answer = client.post(CHOOSE, {})
    assert answer.status_code == 422
    assert "Tick at least one" in answer.content.decode()


@pytest.mark.parametrize("number", ["7", "-1", "x"])
def test_a_forged_choice_imports_nothing(client_for, alice, text, number: str) -> None:
    client = client_for(alice)
    client.post(PASTE, {"text": text})
    assert client.post(CHOOSE, {"login": [number]}).status_code == 422
    assert not Credential.objects.exists()


def test_a_secret_is_only_replaced_if_it_is_ticked(
    client_for, alice, team, make_credential, text
) -> None:
    known = make_credential(team.registries.get(host="docker.io"), "johndoe", "old", label="Ours")
    client = client_for(alice)
    client.post(PASTE, {"text": text})
    page = client.get(CHOOSE).content.decode()
    assert "Replaces" in page
    assert page.count("checked") == 1
    client.post(CHOOSE, {"login": ["0"]})
    assert Credential.objects.get(pk=known.pk).secret.reveal() == CANARY


@pytest.mark.parametrize("broken", ["", "{", "[]", '{"auths": {}}', "<html>"])
def test_bad_json_gets_a_clear_error_and_is_not_sent_back(client_for, alice, broken: str) -> None:
    answer = client_for(alice).post(
        PASTE, {"text": f"{broken}{CANARY}" if broken == "{" else broken}
    )
    assert answer.status_code == 422
    assert "text" in answer.context["form"].errors
    assert CANARY not in answer.content.decode()


def test_htmx_gets_the_form_alone_or_leaves_for_the_choice(client_for, alice, text, htmx) -> None:
    client = client_for(alice)
    assert (
        client.post(PASTE, {"text": "{"}, headers=htmx).content.decode().strip().startswith("<form")
    )
    assert client.post(PASTE, {"text": text}, headers=htmx).headers["HX-Redirect"] == CHOOSE


def test_a_draft_of_one_team_is_not_imported_into_another(
    client_for, alice, team, other_team, text
) -> None:
    from registry_ui.accounts.models import Membership

    Membership.objects.create(team=other_team, user=alice, role="admin")
    client = client_for(alice)
    client.post(PASTE, {"text": text})
    client.post(reverse("accounts:switch_team"), {"team": other_team.pk})
    assert client.post(CHOOSE, {"login": ["0"]}).url == PASTE
    assert not Credential.objects.exists()


def test_only_admins_import(client_for, bob, victor, text) -> None:
    for person in (bob, victor):
        client = client_for(person)
        for address in (PASTE, CHOOSE, DONE):
            assert client.get(address).status_code == 403
        assert client.post(PASTE, {"text": text}).status_code == 403


def test_other_methods_are_refused(client_for, alice) -> None:
    assert client_for(alice).put(PASTE).status_code == 405
    assert client_for(alice).put(CHOOSE).status_code == 405
    assert client_for(alice).post(DONE).status_code == 405
