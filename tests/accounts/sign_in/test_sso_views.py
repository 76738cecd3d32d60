from django.test import Client
from django.urls import reverse

from registry_ui.accounts.sign_in.confirmation import SESSION_KEY

START, CALLBACK = "/account/sso/sign-in/", "/account/sso/callback/"


START, CALLBACK = "/account/sso/sign-in/", "/account/sso/callback/"


def make_stale(client: Client) -> None:
    session = client.session
    session[SESSION_KEY] = 0
    session["account_authentication_methods"] = []
    session.save()


def test_a_get_request_does_not_start_sign_in(db, use_provider) -> None:
    use_provider()
    assert Client().get(START).url == "/account/login/"
    assert Client(enforce_csrf_checks=True).post(START).status_code == 403


def test_a_person_without_a_password_confirms_at_the_provider(
    db, use_provider, sign_in_at_provider
) -> None:
    use_provider().add("anna")
    _response, client = sign_in_at_provider("anna")
    make_stale(client)
    url = client.get(reverse("mfa_activate_totp")).url
    url = client.get(url).url
    assert url.startswith(reverse("sso_confirm"))
    assert "asks you once more" in client.get(url).text
    response, client = sign_in_at_provider(
        "anna", client, by="sso_confirm", next=reverse("mfa_activate_totp")
    )
    assert response.url == reverse("mfa_activate_totp")
    assert client.get(reverse("mfa_activate_totp")).status_code == 200


def test_a_person_without_a_link_confirms_with_the_password(
    alice, client_for, use_provider
) -> None:
    use_provider()
    assert client_for(alice).get(reverse("sso_confirm")).url == "/account/reauthenticate/"
