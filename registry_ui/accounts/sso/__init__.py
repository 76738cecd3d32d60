"""Single sign-on with the one OpenID provider of settings.SINGLE_SIGN_ON: who is linked to it, and what its groups give."""

from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.db.models import QuerySet
from django.http import Http404

from registry_ui.accounts.models import User
from registry_ui.single_sign_on import SingleSignOn


def the_provider() -> SingleSignOn:
    """
    Raises:
        Http404: there is none; pages of single sign-on are not there either then.
    """
    if settings.SINGLE_SIGN_ON is None:
        raise Http404
    return settings.SINGLE_SIGN_ON


def identities_of(user: User) -> QuerySet[SocialAccount]:
    """The person's links to the provider of today; those to an earlier one open nothing."""
    provider = settings.SINGLE_SIGN_ON
    return (
        SocialAccount.objects.filter(user=user, provider=provider.provider_id)
        if provider
        else SocialAccount.objects.none()
    )
