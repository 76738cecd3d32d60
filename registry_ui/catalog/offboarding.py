"""Index runs of people who leave a team, and the registries of a team that is deleted."""

from collections.abc import Sequence

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from registry_ui.accounts.models import Role, Team
from registry_ui.credentials.models import Credential, CredentialGrant
from registry_ui.jobs.offboarding import JobOffboarding
from registry_ui.registries.models import Registry

from .index_queue import INDEX_RUNS
from .models import IndexRun


def _describe_run(run: IndexRun) -> str:
    return _("Refresh %(name)s") % {"name": f"{run.registry.host}/{run.repository}".rstrip("/")}


def _run_url(run: IndexRun) -> str:
    return reverse("registries:repositories", args=[run.registry_id])


INDEX_OFFBOARDING = JobOffboarding(
    INDEX_RUNS, describe=_describe_run, url=_run_url, required_role=lambda run: Role.OPERATOR
)


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
