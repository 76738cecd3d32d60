"""Which credential serves a reference. The most specific pattern wins; where several win, a person chooses."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.utils.translation import gettext as _

from registry_ui.accounts.models import Team
from registry_ui.oci.errors import OciError
from registry_ui.oci.reference import Reference

from .models import Credential, Registry

_WILDCARDS = "*?["


class AmbiguousCredential(OciError):
    """Several credentials fit equally well; `candidates` are those."""

    def __init__(self, candidates: Sequence[Credential], reference: Reference) -> None:
        labels = ", ".join(f"“{credential.label}”" for credential in candidates)
        super().__init__(
            _("Several credentials fit %(name)s equally well: %(labels)s.") % {"name": reference.name, "labels": labels},
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
        candidates: those of the team for the reference's host, where they are at hand.

    Raises:
        AmbiguousCredential: several fit equally well.
        CredentialUnfit: the chosen one belongs elsewhere, has expired, or may not do this.
    """
    if chosen is not None:
        _check_chosen(chosen, team, reference, push)
        return chosen
    candidates = candidates_for(team=team, reference=reference) if candidates is None else candidates
    fitting = [each for each in candidates if why_unfit(each, reference, push=push) is None]
    if not fitting:
        return None
    best = max(_specificity(each.repository_pattern) for each in fitting)
    winners = [each for each in fitting if _specificity(each.repository_pattern) == best]
    if len(winners) > 1:
        raise AmbiguousCredential(winners, reference)
    return winners[0]


def candidates_for(*, team: Team, reference: Reference) -> list[Credential]:
    """Every credential of the team for the reference's host, fit or not."""
    return list(Credential.objects.for_host(team, reference.registry).select_related("registry"))


def why_unfit(credential: Credential, reference: Reference, *, push: bool) -> str | None:
    """Why a credential of this host cannot serve, for a person; None where it can."""
    words = {"label": credential.label, "pattern": credential.repository_pattern, "repository": reference.repository}
    if credential.is_expired:
        return _("The credential “%(label)s” has expired.") % words
    if push and not credential.can_push:
        return _("The credential “%(label)s” is for pulling only.") % words
    if not credential.serves(reference):
        return _("The credential “%(label)s” is for the repositories %(pattern)s, not for %(repository)s.") % words
    return None


def index_credential(registry: Registry, repository: str = "") -> Credential | None:
    """The credential with which the index reads a repository, or the registry's list; None for an anonymous client.

    For reading only, where a guess between equals does no harm: see `best_for_reading`.
    """
    return best_for_reading(registry, registry.credentials.select_related("registry"), repository)


def best_for_reading(registry: Registry, credentials: Iterable[Credential], repository: str = "") -> Credential | None:
    """The same, of a registry's credentials that are at hand.

    The most specific pattern that serves the repository wins; among equals one that may only pull, then the oldest. One
    that was refused lately comes after all others, and one that has expired is never sent. For the registry's list one
    without a pattern comes first.
    """
    usable = [each for each in credentials if not each.is_expired]
    if repository:
        reference = Reference(registry.host, repository)
        usable = [each for each in usable if each.serves(reference)]

    def rank(each: Credential) -> tuple[Any, ...]:
        literal, is_whole = _specificity(each.repository_pattern) if repository else (-bool(each.repository_pattern), False)
        return (bool(each.verify_error), -literal, not is_whole, each.can_push, each.created_at, each.pk)

    return min(usable, key=rank, default=None)


def check_belongs(credential: Credential, team: Team, host: str) -> None:
    """
    Raises:
        CredentialUnfit: it is another team's, or for another host: it is never sent there.
    """
    registry = credential.registry
    if credential.team_id != team.pk or registry.team_id != team.pk:
        raise CredentialUnfit(_("This credential does not belong to the team %(team)s.") % {"team": team}, advice=_("Choose another one."))
    if registry.host != host:
        words = {"label": credential.label, "host": registry.host, "other": host}
        raise CredentialUnfit(
            _("The credential “%(label)s” is for %(host)s; it is never sent to %(other)s.") % words,
            advice=_("Choose a credential of that registry, or add one."),
        )


def _check_chosen(credential: Credential, team: Team, reference: Reference, push: bool) -> None:
    check_belongs(credential, team, reference.registry)
    problem = why_unfit(credential, reference, push=push)
    if problem is not None:
        raise CredentialUnfit(problem, advice=_("Choose another one, or have an admin of the team change it."))


def _specificity(pattern: str) -> tuple[int, bool]:
    """How much of a name a pattern fixes: the text before its first wildcard, and whether that is all of it."""
    if not pattern:
        return (-1, False)
    literal = next((index for index, character in enumerate(pattern) if character in _WILDCARDS), len(pattern))
    return (literal, literal == len(pattern))
