"""The registries and credentials of a team, for its deletion summary."""

from collections.abc import Sequence

from django.utils.translation import ngettext

from registry_ui.accounts.models import Team
from registry_ui.credentials.models import Credential, CredentialGrant
from registry_ui.registries.models import Registry


def summarize_registries(team: Team) -> Sequence[str]:
    registries = Registry.objects.filter(team=team).count()
    credentials = Credential.objects.filter(team=team).count()
    grants = CredentialGrant.objects.filter(credential__team=team, revoked_at=None).count()
    counted = [
        (
            registries,
            ngettext(
                "%(count)d registry, with its index",
                "%(count)d registries, with their index",
                registries,
            ),
        ),
        (
            credentials,
            ngettext(
                "%(count)d credential and its secret",
                "%(count)d credentials and their secrets",
                credentials,
            ),
        ),
        (
            grants,
            ngettext(
                "%(count)d share of a credential with another team",
                "%(count)d shares of credentials with other teams",
                grants,
            ),
        ),
    ]
    return [text % {"count": count} for count, text in counted if count]
