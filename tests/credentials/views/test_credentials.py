import pytest
from django.urls import reverse

from registry_ui.credentials.models import Credential
from tests.parts.error_texts import stored_error
from tests.parts.registry_rows import CANARY


def url(view: str, row) -> str:
    return reverse(f"registries:credential_{view}", args=[row.pk])


@pytest.fixture
def login(htpasswd_row, htpasswd_registry) -> dict[str, str]:
    """Return the fields of the form."""
    return {
        "host": htpasswd_row.host,
        "username": htpasswd_registry.username,
        "secret": htpasswd_registry.password,
        "can_push": "on",
    }


@pytest.fixture
def credential(htpasswd_row, htpasswd_registry, make_credential) -> Credential:
    return make_credential(
        htpasswd_row, htpasswd_registry.username, htpasswd_registry.password, label="Robot"
    )


# --- adding


def test_a_credential_is_tested_by_a_real_login_and_then_stored(
    client_for, alice, htpasswd_row, htpasswd_registry, login
) -> None:
    page = client_for(alice).post(url("add", htpasswd_row), login, follow=True).content.decode()
    assert "Login succeeded" in page
    stored = htpasswd_row.credentials.get()
    assert (stored.label, stored.created_by, stored.team) == (
        htpasswd_registry.username,
        alice,
        htpasswd_row.team,
    )
    assert stored.verified_at is not None
    assert stored.secret.reveal() == htpasswd_registry.password


def test_a_refused_login_is_not_stored_and_says_why(client_for, alice, htpasswd_row, login) -> None:
    answer = client_for(alice).post(url("add", htpasswd_row), {**login, "secret": CANARY})
    assert answer.status_code == 422
    assert "secret" in answer.context["form"].errors
    assert CANARY not in answer.content.decode()
    assert not htpasswd_row.credentials.exists()


def test_a_refused_login_cannot_be_saved_by_the_button_that_is_not_there(
    client_for, alice, htpasswd_row, login
) -> None:
    page = (
        client_for(alice)
        .post(url("add", htpasswd_row), {**login, "secret": CANARY})
        .content.decode()
    )
    assert "save_anyway" not in page


def test_a_registry_that_does_not_answer_offers_to_save_untested(
    client_for, alice, make_registry, login
) -> None:
    row = make_registry(host="127.0.0.1:1", security="plain_http")
    client = client_for(alice)
    answer = client.post(url("add", row), {**login, "host": row.host})
    assert answer.status_code == 422
    assert 'name="save_anyway"' in answer.content.decode()
    assert not row.credentials.exists()
    page = client.post(
        url("add", row), {**login, "host": row.host, "save_anyway": "1"}, follow=True
    ).content.decode()
    assert "not tested yet" in page
    assert row.credentials.get().state == "unknown"


def test_htmx_gets_the_form_alone_or_leaves_for_the_registry(
    client_for, alice, htpasswd_row, login, htmx
) -> None:
    client = client_for(alice)
    wrong = client.post(url("add", htpasswd_row), {**login, "secret": "wrong"}, headers=htmx)
    assert wrong.status_code == 422
    assert wrong.content.decode().strip().startswith("<form")
    right = client.post(url("add", htpasswd_row), login, headers=htmx)
    assert right.headers["HX-Redirect"] == reverse("registries:detail", args=[htpasswd_row.pk])


def test_a_typed_secret_survives_other_errors_in_the_browser_only(
    client_for, alice, htpasswd_row, login, htmx
) -> None:
    client = client_for(alice)
    page = client.post(
        url("add", htpasswd_row), {**login, "repository_pattern": "UPPER"}, headers=htmx
    ).content.decode()
    assert "hx-preserve" in page
    assert login["secret"] not in page
    assert (
        "hx-preserve"
        not in client.post(
            url("add", htpasswd_row), {**login, "secret": "wrong"}, headers=htmx
        ).content.decode()
    )


def test_a_secret_typed_while_the_host_was_another_is_sent_nowhere(
    client_for, alice, make_registry, token_registry, login
) -> None:
    row = make_registry(token_registry)
    answer = client_for(alice).post(url("add", row), {**login, "host": "old.example.com"})
    assert answer.status_code == 422
    assert token_registry.token_server.requests == []
    assert not row.credentials.exists()


def test_forged_fields_are_ignored(
    client_for, alice, other_team, make_registry, htpasswd_row, login
) -> None:
    foreign = make_registry(team=other_team, host="foreign.example.com")
    client_for(alice).post(
        url("add", htpasswd_row),
        {
            **login,
            "team": other_team.pk,
            "registry": foreign.pk,
            "secret_ciphertext": "x",
            "verified_at": "2020-01-01",
        },
    )
    stored = Credential.objects.get()
    assert (stored.team, stored.registry) == (htpasswd_row.team, htpasswd_row)
    assert stored.secret_ciphertext != "x"


def test_the_form_tells_how_to_make_a_token(client_for, alice, team) -> None:
    page = client_for(alice).get(url("add", team.registries.get(host="docker.io"))).content.decode()
    assert "Personal access tokens" in page
    assert "Prefer a token to a password" in page


# --- editing


def test_renaming_keeps_the_secret_and_needs_no_login(
    client_for, alice, credential, htpasswd_registry, settings
) -> None:
    settings.EGRESS_ALLOW_LOOPBACK = False  # a login would be refused
    data = {
        "host": credential.registry.host,
        "username": credential.username,
        "secret": "",
        "label": "Renamed",
    }
    answer = client_for(alice).post(url("edit", credential), data)
    assert answer.status_code == 302
    stored = Credential.objects.get(pk=credential.pk)
    assert (stored.label, stored.can_push) == ("Renamed", False)
    assert stored.secret.reveal() == htpasswd_registry.password


def test_a_new_secret_is_tested_before_it_replaces_the_old(
    client_for, alice, credential, htpasswd_registry
) -> None:
    data = {
        "host": credential.registry.host,
        "username": credential.username,
        "secret": "wrong",
        "label": "Robot",
    }
    assert client_for(alice).post(url("edit", credential), data).status_code == 422
    assert Credential.objects.get(pk=credential.pk).secret.reveal() == htpasswd_registry.password
    client_for(alice).post(url("edit", credential), {**data, "secret": htpasswd_registry.password})
    assert Credential.objects.get(pk=credential.pk).state == "verified"


def test_another_username_is_tested_with_the_kept_secret(client_for, alice, credential) -> None:
    data = {
        "host": credential.registry.host,
        "username": "somebody-else",
        "secret": "",
        "label": "Robot",
    }
    assert client_for(alice).post(url("edit", credential), data).status_code == 422
    assert Credential.objects.get(pk=credential.pk).username == credential.username


def test_a_credential_removed_during_its_login_test_is_reported(
    client_for, alice, credential, monkeypatch
) -> None:
    def log_in(registry, login) -> str:
        Credential.objects.filter(pk=credential.pk).delete()
        return "Login succeeded."

    monkeypatch.setattr("registry_ui.credentials.views.credentials.log_in", log_in)
    data = {
        "host": credential.registry.host,
        "username": credential.username,
        "secret": CANARY,
        "label": "Robot",
    }
    answer = client_for(alice).post(url("edit", credential), data)
    assert answer.status_code == 422
    assert "was removed meanwhile" in answer.content.decode()
    assert not Credential.objects.exists()


def test_a_secret_that_cannot_be_read_can_be_entered_again(
    client_for, alice, credential, htpasswd_registry
) -> None:
    Credential.objects.filter(pk=credential.pk).update(
        secret_ciphertext="broken", verify_error=stored_error("cannot be read")
    )
    data = {
        "host": credential.registry.host,
        "username": credential.username,
        "secret": "",
        "label": "Robot",
    }
    client = client_for(alice)
    answer = client.post(url("edit", credential), data)
    assert answer.status_code == 422
    assert "REGISTRY_UI_ENCRYPTION_KEYS" in answer.content.decode()
    assert (
        client.post(
            url("edit", credential), {**data, "secret": htpasswd_registry.password}
        ).status_code
        == 302
    )


# --- testing and removing


def test_a_test_is_a_real_login_as_a_fragment_and_as_a_page(
    client_for, bob, credential, htmx
) -> None:
    client = client_for(bob)
    fragment = client.post(url("test", credential), headers=htmx).content.decode()
    # htmx takes the row of the same id from it.
    assert fragment.count(f'<tr id="credential-{credential.pk}">') == 1
    assert "Login succeeded" in fragment
    assert (
        "Login succeeded at" in client.post(url("test", credential), follow=True).content.decode()
    )


def test_a_failed_test_says_the_cause_and_what_to_do(
    client_for, bob, htpasswd_row, make_credential, htmx
) -> None:
    credential = make_credential(htpasswd_row, secret=CANARY)
    fragment = client_for(bob).post(url("test", credential), headers=htmx).content.decode()
    assert "Login failed" in fragment
    assert "Check the username" in fragment
    assert CANARY not in fragment


def test_removing_erases_the_row(client_for, alice, credential) -> None:
    client = client_for(alice)
    assert "revoke it there too" in client.get(url("remove", credential)).content.decode()
    assert client.post(url("remove", credential)).url == reverse(
        "registries:detail", args=[credential.registry_id]
    )
    assert not Credential.objects.filter(pk=credential.pk).exists()


# --- rights


def test_an_outsider_gets_404(client_for, charlie, credential) -> None:
    client = client_for(charlie)
    for view in ("edit", "remove", "test"):
        assert client.post(url(view, credential)).status_code == 404
    for view in ("edit", "remove"):
        assert client.get(url(view, credential)).status_code == 404


def test_operators_and_readers_may_not_change_credentials(
    client_for, bob, victor, credential, login
) -> None:
    for person in (bob, victor):
        client = client_for(person)
        for view in ("edit", "remove"):
            assert client.get(url(view, credential)).status_code == 403
            assert client.post(url(view, credential), login).status_code == 403
        assert client.post(url("add", credential.registry), login).status_code == 403
    assert client_for(victor).post(url("test", credential)).status_code == 403
    assert Credential.objects.count() == 1


def test_readers_see_the_labels(client_for, victor, credential) -> None:
    assert (
        "Robot"
        in client_for(victor)
        .get(reverse("registries:detail", args=[credential.registry_id]))
        .content.decode()
    )


def test_other_methods_are_refused(client_for, alice, credential) -> None:
    assert client_for(alice).get(url("test", credential)).status_code == 405
    assert client_for(alice).put(url("edit", credential)).status_code == 405
    assert client_for(alice).delete(url("remove", credential)).status_code == 405
