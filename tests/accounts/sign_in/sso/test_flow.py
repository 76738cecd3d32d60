from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.test import Client
from django.urls import reverse

from registry_ui.accounts.models import Action, AuditEvent, User
from registry_ui.accounts.sign_in.confirmation import SESSION_KEY
from tests.parts import openid_provider as parts
from tests.parts.openid_provider import redirect_url_in
from tests.parts.processes import free_port

START, CALLBACK = "/account/sso/sign-in/", "/account/sso/callback/"


START, CALLBACK = "/account/sso/sign-in/", "/account/sso/callback/"


def is_signed_in(client: Client) -> bool:
    return client.get("/preferences/security/").status_code == 200


def make_stale(client: Client) -> None:
    session = client.session
    session[SESSION_KEY] = 0
    session["account_authentication_methods"] = []
    session.save()


@pytest.mark.parametrize("path", ["sign-in/", "callback/", "link/", "confirm/", "cancelled/"])
def test_without_a_provider_the_pages_get_404(client_for, alice, path) -> None:
    client = client_for(alice)
    assert client.get(f"/account/sso/{path}").status_code == 404
    assert client.post(f"/account/sso/{path}").status_code in (404, 405)
    assert "Company" not in Client().get("/account/login/").text


def test_a_person_signs_in_with_the_provider(db, use_provider, sign_in_at_provider) -> None:
    use_provider().add("anna")
    assert "Sign in with Company" in Client().get("/account/login/").text
    response, client = sign_in_at_provider("anna")
    assert response.url == "/"
    assert is_signed_in(client)
    anna = User.objects.get()
    assert (anna.username, anna.email, anna.is_superuser, anna.is_staff) == (
        "anna",
        "anna@company.example",
        False,
        False,
    )
    assert not anna.has_usable_password()
    assert AuditEvent.objects.get(action=Action.SIGNED_IN).details == {
        "methods": ["single sign-on"]
    }


def test_the_second_sign_in_uses_the_same_account(db, use_provider, sign_in_at_provider) -> None:
    use_provider().add("anna")
    sign_in_at_provider("anna")
    sign_in_at_provider("anna")
    assert User.objects.count() == SocialAccount.objects.count() == 1


def test_sign_in_continues_to_the_requested_page(db, use_provider, sign_in_at_provider) -> None:
    use_provider().add("anna")
    assert sign_in_at_provider("anna", next="/registries/")[0].url == "/registries/"


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"]
)
def test_sign_in_does_not_redirect_to_another_site(
    db, use_provider, sign_in_at_provider, target
) -> None:
    use_provider().add("anna")
    assert sign_in_at_provider("anna", next=target)[0].url == "/"


def test_state_nonce_and_pkce_are_sent_and_cannot_be_extended(db, use_provider) -> None:
    use_provider()
    page = Client().post(
        f"{START}?scope=admin&auth_params=redirect_uri%3Dhttps://evil.example&process=redirect"
    )
    query = parse_qs(urlsplit(redirect_url_in(page.text)).query)
    assert query["code_challenge_method"] == ["S256"]
    assert all(len(query[name][0]) >= 16 for name in ("state", "nonce", "code_challenge"))
    assert query["redirect_uri"] == [f"http://testserver{CALLBACK}"]
    assert sorted(query["scope"][0].split()) == ["email", "groups", "openid", "profile"]
    assert "evil" not in page.text
    assert parts.CLIENT_SECRET not in page.text


def test_no_account_is_created_without_auto_create(db, use_provider, sign_in_at_provider) -> None:
    use_provider(auto_create=False).add("anna")
    response, client = sign_in_at_provider("anna")
    assert response.status_code == 403
    assert "no account here" in response.text
    assert not User.objects.exists()
    assert not is_signed_in(client)
    assert AuditEvent.objects.get().details == {"method": "single sign-on", "reason": "no account"}


def test_an_equal_name_does_not_take_over_an_account(
    alice, use_provider, sign_in_at_provider
) -> None:
    use_provider().add("alice")
    _response, client = sign_in_at_provider("alice")
    assert is_signed_in(client)
    newcomer = User.objects.exclude(pk=alice.pk).get()
    assert newcomer.username != "alice"
    assert SocialAccount.objects.get().user == newcomer


def test_a_deactivated_account_cannot_sign_in(db, use_provider, sign_in_at_provider) -> None:
    use_provider(group_roles={"platform": (("harbour", "admin"),)}).add("anna")
    sign_in_at_provider("anna")
    User.objects.update(is_active=False)
    response, client = sign_in_at_provider("anna")
    assert response.url == "/account/inactive/"
    assert not is_signed_in(client)


def test_an_account_of_a_former_provider_cannot_sign_in(
    db, use_provider, sign_in_at_provider, settings
) -> None:
    use_provider().add("anna")
    sign_in_at_provider("anna")
    SocialAccount.objects.update(provider="oidc-of-another-issuer")
    response, client = sign_in_at_provider("anna")
    assert response.status_code == 403
    assert not is_signed_in(client)


def test_the_second_factor_is_required(db, use_provider, sign_in_at_provider) -> None:
    use_provider().add("anna")
    sign_in_at_provider("anna")
    Authenticator.objects.create(user=User.objects.get(), type="totp", data={"secret": "x"})
    response, client = sign_in_at_provider("anna")
    assert response.url == reverse("mfa_authenticate")
    assert not is_signed_in(client)


def test_a_callback_without_its_state_is_refused(db, use_provider, openid_provider) -> None:
    use_provider().add("anna")
    page = Client().post(START)
    answer = openid_provider.callback_url(redirect_url_in(page.text), "anna")
    somebody_else = Client()
    response = somebody_else.get(answer)
    assert response.status_code == 401
    assert "did not belong to a sign-in" in response.text
    assert not is_signed_in(somebody_else)
    assert not User.objects.exists()


def test_a_callback_works_once(db, use_provider, openid_provider) -> None:
    use_provider().add("anna")
    client = Client()
    answer = openid_provider.callback_url(redirect_url_in(client.post(START).text), "anna")
    assert client.get(answer).status_code == 302
    client.post("/account/logout/")
    assert client.get(answer).status_code == 401


def test_a_callback_with_another_nonce_is_refused(db, use_provider, openid_provider) -> None:
    """The nonce shows a code that was injected from another browser's sign-in."""
    use_provider().add("anna")
    client = Client()
    address = redirect_url_in(client.post(START).text)
    nonce = parse_qs(urlsplit(address).query)["nonce"][0]
    response = client.get(
        openid_provider.callback_url(address.replace(nonce, "another-nonce"), "anna")
    )
    assert response.status_code == 401
    assert not is_signed_in(client)
    assert not User.objects.exists()


def test_a_code_of_another_sign_in_is_refused(db, use_provider, openid_provider) -> None:
    use_provider().add("anna")
    client, attacker = Client(), Client()
    address, other = (
        redirect_url_in(client.post(START).text),
        redirect_url_in(attacker.post(START).text),
    )
    stolen = parse_qs(urlsplit(openid_provider.callback_url(other, "anna")).query)["code"][0]
    state = parse_qs(urlsplit(address).query)["state"][0]
    response = client.get(CALLBACK, {"code": stolen, "state": state})
    assert response.status_code == 401
    assert not is_signed_in(client)


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?code=x",
        "?state=x",
        "?error=access_denied",
        "?code=x&state=" + "9" * 5000,
        "?code=%00&state=%00",
    ],
)
def test_a_malformed_callback_gets_a_page(db, use_provider, query) -> None:
    use_provider()
    assert Client().get(CALLBACK + query).status_code == 401


def test_a_refusal_by_the_provider_gets_a_page(db, use_provider) -> None:
    use_provider()
    client = Client()
    state = parse_qs(urlsplit(redirect_url_in(client.post(START).text)).query)["state"][0]
    response = client.get(CALLBACK, {"error": "access_denied", "state": state}, follow=True)
    assert response.status_code == 200
    assert "was cancelled" in response.text


def test_an_unreachable_provider_gets_a_page(db, use_provider, settings, caplog) -> None:
    use_provider(url=f"http://localhost:{free_port()}")
    response = Client().post(START)
    assert response.status_code == 503
    assert "could not be reached" in response.text
    assert "sign in with your password" in response.text
    assert parts.CLIENT_SECRET not in caplog.text


def test_a_provider_that_becomes_unreachable_gets_a_page(db, use_provider, openid_provider) -> None:
    use_provider().add("anna")
    client = Client()
    answer = openid_provider.callback_url(redirect_url_in(client.post(START).text), "anna")
    openid_provider.stop()
    try:
        response = client.get(answer)
    finally:
        openid_provider.start()
    assert response.status_code == 503
    assert not is_signed_in(client)


def test_a_url_without_a_provider_gets_a_page(db, use_provider, openid_provider) -> None:
    use_provider(url=f"{openid_provider.url}/nothing-here")
    assert Client().post(START).status_code == 503


def test_a_wrong_client_secret_gets_a_page(db, use_provider, openid_provider, caplog) -> None:
    use_provider(client_secret="wrong").add("anna")
    client = Client()
    response = client.get(
        openid_provider.callback_url(redirect_url_in(client.post(START).text), "anna")
    )
    assert response.status_code == 401
    assert "OAuth2Error" in caplog.text
    assert not is_signed_in(client)


def test_a_person_with_a_password_links_the_account(
    alice, client_for, use_provider, sign_in_at_provider
) -> None:
    use_provider(auto_create=False).add("anna")
    client = client_for(alice)
    assert "Company" in client.get("/preferences/security/").text
    response, _client = sign_in_at_provider("anna", client, by="sso_link")
    assert response.url == "/preferences/security/"
    assert SocialAccount.objects.get().user == alice
    assert AuditEvent.objects.get(action=Action.IDENTITY_LINKED).actor_name == "alice"
    _response, elsewhere = sign_in_at_provider("anna")
    assert "alice" in elsewhere.get("/preferences/security/").text


def test_linking_needs_a_recent_sign_in(alice, client_for, use_provider) -> None:
    use_provider()
    client = client_for(alice)
    make_stale(client)
    assert client.post(reverse("sso_link")).url.startswith("/account/reauthenticate/")


def test_an_identity_is_linked_to_one_account_only(
    alice, bob, client_for, use_provider, sign_in_at_provider
) -> None:
    use_provider().add("anna")
    sign_in_at_provider("anna", client_for(alice), by="sso_link")
    sign_in_at_provider("anna", client_for(bob), by="sso_link")
    assert SocialAccount.objects.get().user == alice


def test_links_of_other_people_get_404(
    alice, bob, client_for, use_provider, sign_in_at_provider
) -> None:
    use_provider().add("anna")
    sign_in_at_provider("anna", client_for(alice), by="sso_link")
    for method in ("get", "post"):
        url = reverse("accounts:security_unlink", args=[SocialAccount.objects.get().pk])
        assert getattr(client_for(bob), method)(url).status_code == 404


def test_a_confirmation_requests_a_new_sign_in(db, use_provider, sign_in_at_provider) -> None:
    use_provider().add("anna")
    _response, client = sign_in_at_provider("anna")
    query = parse_qs(urlsplit(redirect_url_in(client.post(reverse("sso_confirm")).text)).query)
    assert (query["prompt"], query["max_age"]) == (["login"], ["60"])


def test_no_secret_is_stored_or_logged(
    db, use_provider, sign_in_at_provider, caplog, client
) -> None:
    use_provider().add("anna")
    sign_in_at_provider("anna", browser=requests.Session())
    kept = (
        str(list(SocialAccount.objects.values()))
        + str(list(AuditEvent.objects.values()))
        + caplog.text
    )
    assert parts.CLIENT_SECRET not in kept
    assert "access_token" not in kept
