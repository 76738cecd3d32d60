"""Single sign-on with the OpenID provider of settings.SINGLE_SIGN_ON."""

from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.db.models import QuerySet
from django.http import Http404

from registry_ui.accounts.models import User
from registry_ui.single_sign_on import SingleSignOn


def require_provider() -> SingleSignOn:
    """Return the configured provider.

    Raises:
        Http404: no provider is configured, so single sign-on has no pages.
    """
    if settings.SINGLE_SIGN_ON is None:
        raise Http404
    return settings.SINGLE_SIGN_ON


def linked_identities(user: User) -> QuerySet[SocialAccount]:
    """Return the person's links to the configured provider, not those to an earlier one."""
    provider = settings.SINGLE_SIGN_ON
    identities: QuerySet[SocialAccount] = SocialAccount.objects.filter(user=user)
    return identities.filter(provider=provider.provider_id) if provider else identities.none()
