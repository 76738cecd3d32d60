"""Which credential will serve a transfer, told before it starts: in the form, where the person can still choose."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from registry_ui.accounts.models import Team
from registry_ui.oci.reference import DOCKER_HUB, Reference
from registry_ui.registries.models import Credential, Provider, Registry
from registry_ui.registries.services import (
    AmbiguousCredential,
    candidates_for,
    credential_for,
    lost_share,
    registry_for,
    why_unfit,
)

# Registries of which everybody knows that they take no push without a login.
_ALWAYS_LOGGED_IN = frozenset(
    {
        Provider.DOCKER_HUB,
        Provider.ALIYUN_ACR,
        Provider.TENCENT_TCR,
        Provider.AWS_ECR,
        Provider.GHCR,
        Provider.HARBOR,
    }
)


@dataclass(frozen=True, slots=True)
class Login:
    """How a transfer will log in: with `serving`, with one that the person must choose (`is_tie`), or not at all.

    `problem` says why a push cannot start; `candidates` are the credentials among which the person may choose; `lost` says
    which one of another team is not the team's to use any more, where none is left.
    """

    reference: Reference
    team: Team
    serving: Credential | None = None
    is_tie: bool = False
    candidates: Sequence[Credential] = field(default_factory=list)
    problem: str = ""
    registry: Registry | None = None
    lost: str = ""

    @property
    def is_choice(self) -> bool:
        return self.is_tie or len(self.candidates) > 1


def login_for(
    *, team: Team, reference: Reference, push: bool, candidates: Sequence[Credential] | None = None
) -> Login:
    """
    Args:
        candidates: the credentials for the reference's host, the team's and those shared with it, where they are at hand.
    """
    candidates = (
        candidates_for(team=team, reference=reference) if candidates is None else candidates
    )
    fitting = [
        each for each in candidates if why_unfit(each, reference, push=push, team=team) is None
    ]
    try:
        serving = credential_for(team=team, reference=reference, push=push, candidates=candidates)
    except AmbiguousCredential as exc:
        return Login(reference, team, is_tie=True, candidates=exc.candidates)
    lost = lost_share(team, reference) if serving is None else ""
    if serving is None and push:
        registry = registry_for(team, reference.registry)
        problem = _why_no_push(team, reference, candidates, registry)
        return Login(
            reference,
            team,
            problem=f"{lost} {problem}".strip() if problem else "",
            registry=registry,
            lost=lost,
        )
    return Login(reference, team, serving, candidates=fitting, lost=lost)


def _why_no_push(
    team: Team, reference: Reference, candidates: Sequence[Credential], registry: Registry | None
) -> str:
    """Why nobody can log in for a push; empty where the registry may take one without."""
    unfit = [why_unfit(each, reference, push=True, team=team) for each in candidates]
    if unfit:
        return " ".join(
            [
                _("No credential of the team may push there."),
                *(reason for reason in unfit if reason),
            ]
        )
    if reference.registry == DOCKER_HUB or (
        registry is not None and registry.provider in _ALWAYS_LOGGED_IN
    ):
        return _(
            "The team has no credential for %(host)s, which takes no push without a login."
        ) % {"host": reference.registry}
    return ""
