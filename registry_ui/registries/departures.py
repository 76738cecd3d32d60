"""Looks at registries that were asked for by people who leave, and what a team that is removed has."""

from collections.abc import Sequence

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from registry_ui.accounts.models import Role, Team
from registry_ui.jobs.departures import JobWork

from .models import Credential, CredentialGrant, IndexRun, Registry
from .queueing import INDEX_RUNS


def _words(run: IndexRun) -> str:
    return _("Refresh %(name)s") % {"name": f"{run.registry.host}/{run.repository}".rstrip("/")}


def _url(run: IndexRun) -> str:
    return reverse("registries:repositories", args=[run.registry_id])


INDEX_WORK = JobWork(INDEX_RUNS, words=_words, url=_url, wanted_role=lambda run: Role.OPERATOR)


def registries_of(team: Team) -> Sequence[str]:
    registries = Registry.objects.filter(team=team).count()
    credentials = Credential.objects.filter(team=team).count()
    grants = CredentialGrant.objects.filter(credential__team=team, revoked_at=None).count()
    words = [
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
    return [text % {"count": count} for count, text in words if count]
