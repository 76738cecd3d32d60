from allauth.socialaccount.models import SocialAccount
from django.urls import reverse

from registry_ui.accounts.models import Action, AuditEvent
from tests.conftest import PASSWORD


def test_a_link_is_removed_only_with_a_password(
    alice, client_for, use_provider, sign_in_at_provider
) -> None:
    use_provider().add("anna")
    client = client_for(alice)
    sign_in_at_provider("anna", client, by="sso_link")
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
