"""Single sign-on against a real OpenID provider."""

from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.test import Client
from django.urls import reverse

from registry_ui.accounts.models import Action, AuditEvent, User
from registry_ui.accounts.recency import SESSION_KEY
from tests.conftest import PASSWORD
from tests.parts import openid_provider as parts
from tests.parts.openid_provider import address_in
from tests.parts.process import free_port

START, CALLBACK = "/account/sso/sign-in/", "/account/sso/callback/"


def is_signed_in(client: Client) -> bool:
    return client.get("/preferences/security/").status_code == 200


def make_stale(client: Client) -> None:
    session = client.session
    session[SESSION_KEY] = 0
    session["account_authentication_methods"] = []
    session.save()


@pytest.mark.parametrize("path", ["sign-in/", "callback/", "link/", "confirm/", "cancelled/"])
def test_without_a_provider_nothing_of_it_is_there(client_for, alice, path) -> None:
    client = client_for(alice)
    assert client.get(f"/account/sso/{path}").status_code == 404
    assert client.post(f"/account/sso/{path}").status_code in (404, 405)
    assert "Company" not in Client().get("/account/login/").text


def test_somebody_of_the_company_signs_in(db, company, come_as) -> None:
    company().add("anna")
    assert "Sign in with Company" in Client().get("/account/login/").text
    response, client = come_as("anna")
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


def test_the_second_sign_in_is_of_the_same_account(db, company, come_as) -> None:
    company().add("anna")
    come_as("anna")
    come_as("anna")
    assert User.objects.count() == SocialAccount.objects.count() == 1


def test_it_leads_where_the_person_wanted(db, company, come_as) -> None:
    company().add("anna")
    assert come_as("anna", next="/registries/")[0].url == "/registries/"


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"]
)
def test_it_leads_to_no_other_site(db, company, come_as, target) -> None:
    company().add("anna")
    assert come_as("anna", next=target)[0].url == "/"


def test_a_link_alone_sends_nobody_to_the_provider(db, company) -> None:
    company()
    assert Client().get(START).url == "/account/login/"
    assert Client(enforce_csrf_checks=True).post(START).status_code == 403


def test_state_nonce_and_pkce_go_along_and_nobody_adds_to_them(db, company) -> None:
    company()
    page = Client().post(
        f"{START}?scope=admin&auth_params=redirect_uri%3Dhttps://evil.example&process=redirect"
    )
    query = parse_qs(urlsplit(address_in(page.text)).query)
    assert query["code_challenge_method"] == ["S256"]
    assert all(len(query[name][0]) >= 16 for name in ("state", "nonce", "code_challenge"))
    assert query["redirect_uri"] == [f"http://testserver{CALLBACK}"]
    assert sorted(query["scope"][0].split()) == ["email", "groups", "openid", "profile"]
    assert "evil" not in page.text
    assert parts.CLIENT_SECRET not in page.text


# --- who is not let in


def test_nobody_gets_an_account_where_none_are_made(db, company, come_as) -> None:
    company(auto_create=False).add("anna")
    response, client = come_as("anna")
    assert response.status_code == 403
    assert "no account here" in response.text
    assert not User.objects.exists()
    assert not is_signed_in(client)
    assert AuditEvent.objects.get().details == {"method": "single sign-on", "reason": "no account"}


def test_an_address_alone_takes_no_account_over(alice, company, come_as) -> None:
    company().add("mallory", email="Alice@example.com")
    response, client = come_as("mallory")
    assert response.status_code == 403
    assert "has your e-mail address" in response.text
    assert not is_signed_in(client)
    assert not SocialAccount.objects.exists()
    assert User.objects.get() == alice


def test_a_name_alone_takes_no_account_over(alice, company, come_as) -> None:
    company().add("alice")
    _response, client = come_as("alice")
    assert is_signed_in(client)
    newcomer = User.objects.exclude(pk=alice.pk).get()
    assert newcomer.username != "alice"
    assert SocialAccount.objects.get().user == newcomer


def test_an_account_that_is_switched_off_stays_out(db, company, come_as) -> None:
    company(group_roles={"platform": (("harbour", "admin"),)}).add("anna")
    come_as("anna")
    User.objects.update(is_active=False)
    response, client = come_as("anna")
    assert response.url == "/account/inactive/"
    assert not is_signed_in(client)


def test_an_account_of_an_earlier_provider_opens_nothing(db, company, come_as, settings) -> None:
    company().add("anna")
    come_as("anna")
    SocialAccount.objects.update(provider="oidc-of-another-issuer")
    response, client = come_as("anna")
    assert response.status_code == 403
    assert not is_signed_in(client)


def test_the_second_factor_is_asked_for_here_too(db, company, come_as) -> None:
    company().add("anna")
    come_as("anna")
    Authenticator.objects.create(user=User.objects.get(), type="totp", data={"secret": "x"})
    response, client = come_as("anna")
    assert response.url == reverse("mfa_authenticate")
    assert not is_signed_in(client)


# --- answers that do not belong


def test_an_answer_without_its_state_is_refused(db, company, openid_provider) -> None:
    company().add("anna")
    page = Client().post(START)
    answer = openid_provider.answer_of(address_in(page.text), "anna")
    somebody_else = Client()
    response = somebody_else.get(answer)
    assert response.status_code == 401
    assert "did not belong to a sign-in" in response.text
    assert not is_signed_in(somebody_else)
    assert not User.objects.exists()


def test_an_answer_is_good_once(db, company, openid_provider) -> None:
    company().add("anna")
    client = Client()
    answer = openid_provider.answer_of(address_in(client.post(START).text), "anna")
    assert client.get(answer).status_code == 302
    client.post("/account/logout/")
    assert client.get(answer).status_code == 401


def test_an_answer_with_another_nonce_is_refused(db, company, openid_provider) -> None:
    """As when a code of one browser's sign-in is put into another's; PKCE is not even asked."""
    company().add("anna")
    client = Client()
    address = address_in(client.post(START).text)
    nonce = parse_qs(urlsplit(address).query)["nonce"][0]
    response = client.get(
        openid_provider.answer_of(address.replace(nonce, "another-nonce"), "anna")
    )
    assert response.status_code == 401
    assert not is_signed_in(client)
    assert not User.objects.exists()


def test_a_code_of_another_sign_in_is_refused(db, company, openid_provider) -> None:
    company().add("anna")
    mine, theirs = Client(), Client()
    address, other = address_in(mine.post(START).text), address_in(theirs.post(START).text)
    stolen = parse_qs(urlsplit(openid_provider.answer_of(other, "anna")).query)["code"][0]
    state = parse_qs(urlsplit(address).query)["state"][0]
    response = mine.get(CALLBACK, {"code": stolen, "state": state})
    assert response.status_code == 401
    assert not is_signed_in(mine)


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
def test_an_odd_answer_gets_a_page(db, company, query) -> None:
    company()
    assert Client().get(CALLBACK + query).status_code == 401


def test_a_refusal_at_the_provider_gets_a_page_of_its_own(db, company) -> None:
    company()
    client = Client()
    state = parse_qs(urlsplit(address_in(client.post(START).text)).query)["state"][0]
    response = client.get(CALLBACK, {"error": "access_denied", "state": state}, follow=True)
    assert response.status_code == 200
    assert "was cancelled" in response.text


# --- a provider that does not answer


def test_a_provider_that_is_not_there_gets_a_page_that_says_so(
    db, company, settings, caplog
) -> None:
    company(url=f"http://localhost:{free_port()}")
    response = Client().post(START)
    assert response.status_code == 503
    assert "could not be reached" in response.text
    assert "sign in with your password" in response.text
    assert parts.CLIENT_SECRET not in caplog.text


def test_a_provider_that_goes_away_meanwhile_gets_the_page_too(
    db, company, openid_provider
) -> None:
    company().add("anna")
    client = Client()
    answer = openid_provider.answer_of(address_in(client.post(START).text), "anna")
    openid_provider.stop()
    try:
        response = client.get(answer)
    finally:
        openid_provider.start()
    assert response.status_code == 503
    assert not is_signed_in(client)


def test_an_address_that_is_no_provider_gets_the_page_too(db, company, openid_provider) -> None:
    company(url=f"{openid_provider.url}/nothing-here")
    assert Client().post(START).status_code == 503


def test_a_wrong_client_secret_is_no_failure_of_the_server(
    db, company, openid_provider, caplog
) -> None:
    company(client_secret="wrong").add("anna")
    client = Client()
    response = client.get(openid_provider.answer_of(address_in(client.post(START).text), "anna"))
    assert response.status_code == 401
    assert "OAuth2Error" in caplog.text
    assert not is_signed_in(client)


# --- linking


def test_people_with_a_password_link_their_account_themselves(
    alice, client_for, company, come_as
) -> None:
    company(auto_create=False).add("anna")
    client = client_for(alice)
    assert "Company" in client.get("/preferences/security/").text
    response, _client = come_as("anna", client, by="sso_link")
    assert response.url == "/preferences/security/"
    assert SocialAccount.objects.get().user == alice
    assert AuditEvent.objects.get(action=Action.IDENTITY_LINKED).actor_name == "alice"
    _response, elsewhere = come_as("anna")
    assert "alice" in elsewhere.get("/preferences/security/").text


def test_linking_needs_a_recent_proof(alice, client_for, company) -> None:
    company()
    client = client_for(alice)
    make_stale(client)
    assert client.post(reverse("sso_link")).url.startswith("/account/reauthenticate/")


def test_nobody_links_what_is_linked_to_somebody_else(
    alice, bob, client_for, company, come_as
) -> None:
    company().add("anna")
    come_as("anna", client_for(alice), by="sso_link")
    come_as("anna", client_for(bob), by="sso_link")
    assert SocialAccount.objects.get().user == alice


def test_a_link_is_removed_only_where_a_password_stays(alice, client_for, company, come_as) -> None:
    company().add("anna")
    client = client_for(alice)
    come_as("anna", client, by="sso_link")
    url = reverse("accounts:security_unlink", args=[SocialAccount.objects.get().pk])
    assert "Remove the link" in client.get(url).text
    alice.set_unusable_password()
    alice.save(update_fields=["password"])
    client.force_login(alice)
    client.post(url)
    assert SocialAccount.objects.exists()
    alice.set_password(PASSWORD)
    alice.save(update_fields=["password"])
    client.force_login(alice)
    assert client.post(url).url == "/preferences/security/"
    assert not SocialAccount.objects.exists()
    assert AuditEvent.objects.filter(action=Action.IDENTITY_UNLINKED).count() == 1


def test_links_of_others_are_not_there(alice, bob, client_for, company, come_as) -> None:
    company().add("anna")
    come_as("anna", client_for(alice), by="sso_link")
    for method in ("get", "post"):
        url = reverse("accounts:security_unlink", args=[SocialAccount.objects.get().pk])
        assert getattr(client_for(bob), method)(url).status_code == 404


# --- confirming that it is still the same person, without a password


def test_people_without_a_password_confirm_at_the_provider(db, company, come_as) -> None:
    company().add("anna")
    _response, client = come_as("anna")
    make_stale(client)
    url = client.get(reverse("mfa_activate_totp")).url
    url = client.get(url).url
    assert url.startswith(reverse("sso_confirm"))
    assert "asks you once more" in client.get(url).text
    response, client = come_as("anna", client, by="sso_confirm", next=reverse("mfa_activate_totp"))
    assert response.url == reverse("mfa_activate_totp")
    assert client.get(reverse("mfa_activate_totp")).status_code == 200


def test_the_provider_is_told_to_ask_again(db, company, come_as) -> None:
    company().add("anna")
    _response, client = come_as("anna")
    query = parse_qs(urlsplit(address_in(client.post(reverse("sso_confirm")).text)).query)
    assert (query["prompt"], query["max_age"]) == (["login"], ["60"])


def test_another_account_of_the_provider_confirms_nothing(db, company, come_as) -> None:
    company().add("anna")
    company().add("berta")
    come_as("berta")
    _response, client = come_as("anna")
    response, client = come_as("berta", client, by="sso_confirm")
    assert response.status_code == 403
    assert "another account" in response.text
    assert "anna" in client.get("/preferences/security/").text


def test_a_provider_that_did_not_ask_again_confirms_nothing(
    db, company, come_as, monkeypatch
) -> None:
    company().add("anna")
    _response, client = come_as("anna")
    monkeypatch.setattr("registry_ui.accounts.sso.identity.RECENT_SECONDS", -1)
    response, client = come_as("anna", client, by="sso_confirm")
    assert response.status_code == 403
    assert "did not ask you" in response.text


def test_who_is_not_linked_confirms_another_way(alice, client_for, company) -> None:
    company()
    assert client_for(alice).get(reverse("sso_confirm")).url == "/account/reauthenticate/"


def test_no_secret_of_it_is_kept_or_logged(db, company, come_as, caplog, client) -> None:
    company().add("anna")
    come_as("anna", browser=requests.Session())
    kept = (
        str(list(SocialAccount.objects.values()))
        + str(list(AuditEvent.objects.values()))
        + caplog.text
    )
    assert parts.CLIENT_SECRET not in kept
    assert "access_token" not in kept
