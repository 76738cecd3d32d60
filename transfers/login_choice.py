"""The choice of the credential for a transfer, shown in the form before it starts."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from registry_ui.accounts.models import Team
from registry_ui.credentials.models import Credential
from registry_ui.credentials.services import (
    AmbiguousCredential,
    find_registry,
    list_candidates,
    lost_share_reason,
    select_credential,
    unusable_reason,
)
from registry_ui.oci.reference import Reference
from registry_ui.providers.catalogue import provider_for_host
from registry_ui.registries.models import Registry
from registry_ui.web.errors import describe


@dataclass(frozen=True, slots=True)
class LoginChoice:
    """The login of a transfer: with `credential`, with one that the user must choose, or anonymous.

    Args:
        is_ambiguous: the user must choose among `candidates`.
        candidates: the credentials among which the user may choose.
        problem: why a push cannot start; empty if it can.
        lost_share: the message about a shared credential that the team may not use any more.
    """

    reference: Reference
    team: Team
    credential: Credential | None = None
    is_ambiguous: bool = False
    candidates: Sequence[Credential] = field(default_factory=list)
    problem: str = ""
    registry: Registry | None = None
    lost_share: str = ""

    @property
    def has_choice(self) -> bool:
        return self.is_ambiguous or len(self.candidates) > 1


def choose_login(
    *, team: Team, reference: Reference, push: bool, candidates: Sequence[Credential] | None = None
) -> LoginChoice:
    """Return the login that fits the reference best.

    Args:
        candidates: the credentials for the reference's host, if the caller has them already.
    """
    # A form with two logins loads the credentials once for both.
    if candidates is None:
        candidates = list_candidates(team=team, reference=reference)
    try:
        credential = select_credential(
            team=team, reference=reference, push=push, candidates=candidates
        )
    except AmbiguousCredential as exc:
        return LoginChoice(reference, team, is_ambiguous=True, candidates=exc.candidates)

    if credential is None:
        return _anonymous_login(team, reference, candidates, push=push)
    # The person may prefer another one than the best fit.
    fitting = _fitting(candidates, reference, team, push=push)
    return LoginChoice(reference, team, credential, candidates=fitting)


def _anonymous_login(
    team: Team, reference: Reference, candidates: Sequence[Credential], *, push: bool
) -> LoginChoice:
    lost_share = describe(lost_share_reason(team, reference)).sentence
    if not push:
        fitting = _fitting(candidates, reference, team, push=push)
        return LoginChoice(reference, team, candidates=fitting, lost_share=lost_share)

    # Some registries accept anonymous pushes, so a missing credential alone is no problem.
    registry = find_registry(team, reference.registry)
    problem = _push_problem(team, reference, candidates, registry)
    return LoginChoice(
        reference,
        team,
        problem=f"{lost_share} {problem}".strip() if problem else "",
        registry=registry,
        lost_share=lost_share,
    )


def _fitting(
    candidates: Sequence[Credential], reference: Reference, team: Team, *, push: bool
) -> list[Credential]:
    return [
        credential
        for credential in candidates
        if unusable_reason(credential, reference, push=push, team=team) is None
    ]


def _push_problem(
    team: Team, reference: Reference, candidates: Sequence[Credential], registry: Registry | None
) -> str:
    """Return why no push is possible; empty where the registry may accept an anonymous one."""
    reasons = [
        unusable_reason(credential, reference, push=True, team=team) for credential in candidates
    ]
    # Each reason names what is missing, such as the permission to push or the repository.
    if reasons:
        return " ".join(
            [
                _("No credential of the team may push there."),
                *(describe(reason).sentence for reason in reasons if reason),
            ]
        )

    # A host that is no registry of the team is judged by its name.
    provider = (
        registry.get_provider() if registry is not None else provider_for_host(reference.registry)
    )
    if provider.requires_login_to_push:
        return _(
            "The team has no credential for %(host)s, which takes no push without a login."
        ) % {"host": reference.registry}
    return ""
