"""Which credential serves a reference. The most specific pattern wins; where several win, a person chooses."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.utils.translation import gettext as _

from registry_ui.accounts.models import Team
from registry_ui.oci.errors import OciError
from registry_ui.oci.reference import Reference

from .lending import grant_for, is_lent, name_for, why_not_covered, why_not_lent
from .models import Credential, Registry

_WILDCARDS = "*?["


class AmbiguousCredential(OciError):
    """Several credentials fit equally well; `candidates` are those, `names` how the team calls them."""

    def __init__(self, candidates: Sequence[Credential], reference: Reference, team: Team) -> None:
        self.names = tuple(name_for(credential, team) for credential in candidates)
        labels = ", ".join(f"“{name}”" for name in self.names)
        super().__init__(
            _("Several credentials fit %(name)s equally well: %(labels)s.")
            % {"name": reference.name, "labels": labels},
            advice=_("Choose the one to use, or give each a repository pattern of its own."),
        )
        self.candidates = tuple(candidates)


class CredentialUnfit(OciError):
    """A credential that somebody chose cannot serve here. Nothing else is tried in its place."""


def registry_for(team: Team, host: str) -> Registry | None:
    return Registry.objects.filter(team=team, host=host).first()


def credential_for(
    *,
    team: Team,
    reference: Reference,
    push: bool,
    chosen: Credential | None = None,
    candidates: Sequence[Credential] | None = None,
) -> Credential | None:
    """The credential to use; None for an anonymous client.

    Args:
        candidates: those for the reference's host, the team's own and those shared with it, where they are at hand.

    Raises:
        AmbiguousCredential: several fit equally well.
        CredentialUnfit: the chosen one belongs elsewhere, was taken back, has expired, or may not do this.
    """
    if chosen is not None:
        _check_chosen(chosen, team, reference, push)
        return chosen
    candidates = (
        candidates_for(team=team, reference=reference) if candidates is None else candidates
    )
    fitting = [
        each for each in candidates if why_unfit(each, reference, push=push, team=team) is None
    ]
    if not fitting:
        return None
    best = max(_specificity_for(each, team) for each in fitting)
    winners = [each for each in fitting if _specificity_for(each, team) == best]
    if len(winners) > 1:
        raise AmbiguousCredential(winners, reference, team)
    return winners[0]


def candidates_for(*, team: Team, reference: Reference) -> list[Credential]:
    """Every credential for the reference's host that is the team's, or shared with it, fit or not."""
    return list(Credential.objects.for_host(team, reference.registry))


def why_unfit(
    credential: Credential, reference: Reference, *, push: bool, team: Team
) -> str | None:
    """Why a credential of this host cannot serve the team, for a person; None where it can."""
    if is_lent(credential, team):
        problem = why_not_lent(credential, team) or why_not_covered(
            credential, team, reference, push=push
        )
        if problem is not None:
            return problem
    words = {
        "label": credential.label,
        "pattern": credential.repository_pattern,
        "repository": reference.repository,
    }
    if credential.is_expired:
        return _("The credential “%(label)s” has expired.") % words
    if push and not credential.can_push:
        return _("The credential “%(label)s” is for pulling only.") % words
    if not credential.serves(reference):
        return (
            _(
                "The credential “%(label)s” is for the repositories %(pattern)s, not for %(repository)s."
            )
            % words
        )
    return None


def index_credential(registry: Registry, repository: str = "") -> Credential | None:
    """The credential with which the index reads a repository, or the registry's list; None for an anonymous client.

    For reading only, where a guess between equals does no harm: see `best_for_reading`.
    """
    return best_for_reading(registry, reading_credentials(registry), repository)


def reading_credentials(registry: Registry) -> list[Credential]:
    """What the registry's team may read it with: its own credentials there, and those shared with it that are in force."""
    team = registry.team
    rows = Credential.objects.for_host(team, registry.host)
    return [each for each in rows if not is_lent(each, team) or why_not_lent(each, team) is None]


def best_for_reading(
    registry: Registry, credentials: Iterable[Credential], repository: str = ""
) -> Credential | None:
    """The same, of those credentials that are at hand.

    The most specific pattern that serves the repository wins; among equals the team's own, then one that may only pull, then
    the oldest. One that was refused lately comes after all others, and one that has expired is never sent. For the registry's
    list one without a pattern comes first, and a share for some repositories only is not used: the list names all.
    """
    team = registry.team
    usable = [
        each
        for each in credentials
        if not each.is_expired and _may_read(each, team, Reference(registry.host, repository))
    ]

    def rank(each: Credential) -> tuple[Any, ...]:
        literal, is_whole = (
            _specificity_for(each, team) if repository else (-bool(each.repository_pattern), False)
        )
        return (
            bool(each.verify_error),
            -literal,
            not is_whole,
            is_lent(each, team),
            each.can_push,
            each.created_at,
            each.pk,
        )

    return min(usable, key=rank, default=None)


def _may_read(credential: Credential, team: Team, reference: Reference) -> bool:
    """A reference without a repository stands for the registry's list."""
    grant = grant_for(credential, team) if is_lent(credential, team) else None
    if not reference.repository:
        return grant is None or not grant.repository_pattern
    return credential.serves(reference) and (grant is None or grant.covers(reference))


def check_belongs(credential: Credential, team: Team, host: str) -> None:
    """
    Raises:
        CredentialUnfit: it is another team's that does not share it, or for another host: it is never sent there.
    """
    registry = credential.registry
    if registry.team_id != credential.team_id:
        raise CredentialUnfit(
            _("This credential does not belong to the team %(team)s.") % {"team": team},
            advice=_("Choose another one."),
        )
    if is_lent(credential, team) and (problem := why_not_lent(credential, team)) is not None:
        raise CredentialUnfit(problem, advice=_ask_or_choose(credential, team))
    if registry.host != host:
        words = {"label": credential.label, "host": registry.host, "other": host}
        raise CredentialUnfit(
            _("The credential “%(label)s” is for %(host)s; it is never sent to %(other)s.") % words,
            advice=_("Choose a credential of that registry, or add one."),
        )


def _check_chosen(credential: Credential, team: Team, reference: Reference, push: bool) -> None:
    check_belongs(credential, team, reference.registry)
    problem = why_unfit(credential, reference, push=push, team=team)
    if problem is not None:
        raise CredentialUnfit(problem, advice=_ask_or_choose(credential, team))


def _ask_or_choose(credential: Credential, team: Team) -> str:
    if not is_lent(credential, team):
        return _("Choose another one, or have an admin of the team change it.")
    if grant_for(credential, team) is None:
        return _("Choose another one.")
    return _("Choose another one, or ask an admin of the team %(owner)s to share it again.") % {
        "owner": credential.team
    }


def _specificity_for(credential: Credential, team: Team) -> tuple[int, bool]:
    """A share's pattern narrows the credential's own: the one that says more of the name counts."""
    own = _specificity(credential.repository_pattern)
    grant = grant_for(credential, team) if is_lent(credential, team) else None
    return own if grant is None else max(own, _specificity(grant.repository_pattern))


def _specificity(pattern: str) -> tuple[int, bool]:
    """How much of a name a pattern fixes: the text before its first wildcard, and whether that is all of it."""
    if not pattern:
        return (-1, False)
    literal = next(
        (index for index, character in enumerate(pattern) if character in _WILDCARDS), len(pattern)
    )
    return (literal, literal == len(pattern))
