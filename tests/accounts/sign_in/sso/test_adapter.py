from allauth.socialaccount.models import SocialAccount
from django.test import Client

from registry_ui.accounts.models import User


def is_signed_in(client: Client) -> bool:
    return client.get("/preferences/security/").status_code == 200


def test_an_equal_address_does_not_take_over_an_account(
    alice, use_provider, sign_in_at_provider
) -> None:
    use_provider().add("mallory", email="Alice@example.com")
    response, client = sign_in_at_provider("mallory")
    assert response.status_code == 403
    assert "has your e-mail address" in response.text
    assert not is_signed_in(client)
    assert not SocialAccount.objects.exists()
    assert User.objects.get() == alice


def test_another_account_of_the_provider_does_not_confirm(
    db, use_provider, sign_in_at_provider
) -> None:
    use_provider().add("anna")
    use_provider().add("berta")
    sign_in_at_provider("berta")
    _response, client = sign_in_at_provider("anna")
    response, client = sign_in_at_provider("berta", client, by="sso_confirm")
    assert response.status_code == 403
    assert "another account" in response.text
    assert "anna" in client.get("/preferences/security/").text


def test_an_old_sign_in_at_the_provider_does_not_confirm(
    db, use_provider, sign_in_at_provider, monkeypatch
) -> None:
    use_provider().add("anna")
    _response, client = sign_in_at_provider("anna")
    monkeypatch.setattr("registry_ui.accounts.sign_in.sso.claims.RECENT_SECONDS", -1)
    response, client = sign_in_at_provider("anna", client, by="sso_confirm")
    assert response.status_code == 403
    assert "did not ask you" in response.text
