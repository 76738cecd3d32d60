"""Selection of the credential for a reference.

The most specific repository pattern wins. If several are equally specific, a person chooses.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from registry_ui.accounts.models import Team
from registry_ui.oci.errors import OciError
from registry_ui.oci.reference import Reference
from registry_ui.registries.models import Registry

from .models import Credential
from .sharing import (
    CredentialUnusable,
    find_grant,
    is_from_other_team,
    name_for,
    uncovered_reason,
    unshared_reason,
)

# The special characters of `fnmatch`.
_WILDCARDS = "*?["


class AmbiguousCredential(OciError):
    """Several credentials that fit equally well: `candidates`, and their `names` for the team."""

    def __init__(self, candidates: Sequence[Credential], reference: Reference, team: Team) -> None:
        self.names = tuple(name_for(credential, team) for credential in candidates)
        labels = [f"“{name}”" for name in self.names]
        super().__init__("credential_ambiguous", name=reference.name, labels=labels)
        self.candidates = tuple(candidates)


def select_credential(
    *,
    team: Team,
    reference: Reference,
    push: bool,
    selected: Credential | None = None,
    candidates: Sequence[Credential] | None = None,
) -> Credential | None:
    """Return the credential to use; None for an anonymous client.

    Args:
        candidates: the result of `list_candidates`, if the caller has it already.

    Raises:
        AmbiguousCredential: several fit equally well.
        CredentialUnusable: the selected one is for another host or team, was revoked, has expired,
            or does not allow this use.
    """
    if selected is not None:
        _check_selected(selected, team, reference, push)
        return selected

    if candidates is None:
        candidates = list_candidates(team=team, reference=reference)
    matching = [
        credential
        for credential in candidates
        if unusable_reason(credential, reference, push=push, team=team) is None
    ]
    if not matching:
        return None

    # Equals are not guessed between: with the wrong account a push may land in another namespace.
    best = max(_specificity_for(credential, team) for credential in matching)
    best_matches = [
        credential for credential in matching if _specificity_for(credential, team) == best
    ]
    if len(best_matches) > 1:
        raise AmbiguousCredential(best_matches, reference, team)
    return best_matches[0]


def list_candidates(*, team: Team, reference: Reference) -> list[Credential]:
    """Return all credentials for the reference's host that the team owns or that are shared."""
    return list(Credential.objects.for_host(team, reference.registry))


def unusable_reason(
    credential: Credential, reference: Reference, *, push: bool, team: Team
) -> CredentialUnusable | None:
    """Return why the team cannot use a credential of this host; None if it can."""
    # A shared credential must pass the checks of its grant before its own.
    if is_from_other_team(credential, team):
        problem = unshared_reason(credential, team) or uncovered_reason(
            credential, team, reference, push=push
        )
        if problem is not None:
            return problem

    # An owner changes the credential; another team can only ask for that.
    is_shared = is_from_other_team(credential, team)
    if credential.is_expired:
        return CredentialUnusable(
            "shared_credential_expired" if is_shared else "own_credential_expired",
            label=credential.label,
            owner=credential.team,
        )
    if push and not credential.can_push:
        return CredentialUnusable(
            "shared_credential_pull_only" if is_shared else "own_credential_pull_only",
            label=credential.label,
            owner=credential.team,
        )

    if not credential.serves(reference):
        return CredentialUnusable(
            "shared_credential_for_other_repositories"
            if is_shared
            else "own_credential_for_other_repositories",
            label=credential.label,
            owner=credential.team,
            pattern=credential.repository_pattern,
            repository=reference.repository,
        )
    return None


def select_for_index(registry: Registry, repository: str = "") -> Credential | None:
    """Return the credential with which the index reads a repository or the registry's list.

    None means an anonymous client. For reading only, where a guess between equals does no
    harm: see `select_for_reading`.
    """
    return select_for_reading(registry, list_for_reading(registry), repository)


def list_for_reading(registry: Registry) -> list[Credential]:
    """Return the team's own credentials for the registry and the shared ones in force."""
    team = registry.team
    rows = Credential.objects.for_host(team, registry.host)
    return [
        credential
        for credential in rows
        if not is_from_other_team(credential, team) or unshared_reason(credential, team) is None
    ]


def select_for_reading(
    registry: Registry, credentials: Iterable[Credential], repository: str = ""
) -> Credential | None:
    """Return the best of the given credentials for reading; None for an anonymous client.

    The most specific pattern that matches the repository wins; among equals the team's own,
    then one that may only pull, then the oldest. One that was refused lately comes last, and
    an expired one is never used. For the registry's list (no `repository`) one without a
    pattern comes first, and a grant for some repositories is not used: the list names all.
    """
    team = registry.team
    reference = Reference(registry.host, repository)
    usable = [
        credential
        for credential in credentials
        if not credential.is_expired and _may_read(credential, team, reference)
    ]

    def rank(credential: Credential) -> tuple[Any, ...]:
        if repository:
            literal, is_whole = _specificity_for(credential, team)
        else:
            literal, is_whole = -bool(credential.repository_pattern), False
        return (
            bool(credential.verify_error),
            -literal,
            not is_whole,
            is_from_other_team(credential, team),
            credential.can_push,
            credential.created_at,
            # The key decides between equal times, so that the choice stays the same.
            credential.pk,
        )

    return min(usable, key=rank, default=None)


def _may_read(credential: Credential, team: Team, reference: Reference) -> bool:
    """Return whether the team may read the reference; without a repository, the list."""
    grant = find_grant(credential, team) if is_from_other_team(credential, team) else None
    # The list names repositories that a grant with a pattern must not show.
    if not reference.repository:
        return grant is None or not grant.repository_pattern
    return credential.serves(reference) and (grant is None or grant.covers(reference))


def check_ownership(credential: Credential, team: Team, host: str) -> None:
    """Refuse a credential for another host, or of a team that does not share it.

    Raises:
        CredentialUnusable
    """
    registry = credential.registry
    # The foreign keys do not exclude a registry of another team; such a row is never used.
    if registry.team_id != credential.team_id:
        raise CredentialUnusable("credential_of_another_team", team=team)
    if (
        is_from_other_team(credential, team)
        and (problem := unshared_reason(credential, team)) is not None
    ):
        raise problem
    if registry.host != host:
        raise CredentialUnusable(
            "credential_for_another_host",
            label=credential.label,
            host=registry.host,
            other=host,
        )


def _check_selected(credential: Credential, team: Team, reference: Reference, push: bool) -> None:
    check_ownership(credential, team, reference.registry)
    problem = unusable_reason(credential, reference, push=push, team=team)
    if problem is not None:
        raise problem


def _specificity_for(credential: Credential, team: Team) -> tuple[int, bool]:
    """Return the larger specificity of the credential's pattern and the grant's."""
    own = _specificity(credential.repository_pattern)
    grant = find_grant(credential, team) if is_from_other_team(credential, team) else None
    # Both patterns must match, so the narrower one determines the specificity.
    return own if grant is None else max(own, _specificity(grant.repository_pattern))


def _specificity(pattern: str) -> tuple[int, bool]:
    """Return the length before the pattern's first wildcard, and whether it has no wildcard."""
    if not pattern:
        return (-1, False)

    literal = next(
        (index for index, character in enumerate(pattern) if character in _WILDCARDS), len(pattern)
    )
    return (literal, literal == len(pattern))
