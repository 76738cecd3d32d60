"""Credentials that other teams share with a team: whether it may use one now, and if not, why not.

The connection is always the owner's: a secret travels no less safely than its owner chose. And it is never used where the
borrowing team's own registry row demands more: a share must not weaken what a team has set for itself.
"""

from datetime import datetime

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from registry_ui.accounts.models import Team
from registry_ui.oci.reference import Reference

from .models import Credential, CredentialGrant, Registry, Security


def is_lent(credential: Credential, team: Team) -> bool:
    return credential.team_id != team.pk


def name_for(credential: Credential, team: Team | None) -> str:
    """The label, and whose it is where it is another team's."""
    if team is None or not is_lent(credential, team):
        return credential.label
    return _("%(label)s of team %(team)s") % {"label": credential.label, "team": credential.team}


def grant_for(credential: Credential, team: Team) -> CredentialGrant | None:
    """The team's share of it, in force or not; where there were several, the one that is not taken back, or was last."""
    grants = [each for each in credential.grants.all() if each.team_id == team.pk]
    return max(grants, key=lambda each: (each.revoked_at is None, each.created_at), default=None)


def why_not_lent(credential: Credential, team: Team) -> str | None:
    """Why another team's credential is not to be used by this one at all, for a person; None where it may be."""
    grant = grant_for(credential, team)
    if grant is None:
        return _("This credential does not belong to the team %(team)s.") % {"team": team}
    words = {"owner": credential.team, "label": credential.label, "host": credential.registry.host}
    if grant.revoked_at is not None:
        return taken_back_words(grant)
    if not grant.is_in_force:
        return _("The team %(owner)s shared the credential “%(label)s” until %(when)s.") % {
            **words,
            "when": moment_words(grant.until),
        }
    if _is_laxer(credential.registry, team):
        return (
            _(
                "The team %(owner)s reaches %(host)s less safely than your own registry of that host demands, so its credential "
                "“%(label)s” is not used. Make the connection settings of the two alike."
            )
            % words
        )
    return None


def why_not_covered(
    credential: Credential, team: Team, reference: Reference, *, push: bool
) -> str | None:
    """The same for one use of a credential that is shared with the team."""
    grant = grant_for(credential, team)
    assert grant is not None  # why_not_lent has refused it
    words = {
        "owner": credential.team,
        "label": credential.label,
        "repository": reference.repository,
        "pattern": grant.repository_pattern,
    }
    if push and not grant.can_push:
        return _("The team %(owner)s shares the credential “%(label)s” for pulling only.") % words
    if not grant.covers(reference):
        return (
            _(
                "The team %(owner)s shares the credential “%(label)s” for the repositories %(pattern)s, not for %(repository)s."
            )
            % words
        )
    return None


def taken_back_words(grant: CredentialGrant) -> str:
    words = {
        "owner": grant.credential.team,
        "label": grant.credential.label,
        "when": moment_words(grant.revoked_at),
    }
    return _("The team %(owner)s took the credential “%(label)s” back on %(when)s.") % words


def lost_share(team: Team, reference: Reference) -> str:
    """Whether the team could once log in there with another team's credential, and why not any more; empty where it could not."""
    grants = CredentialGrant.objects.over().filter(
        team=team, credential__registry__host=reference.registry
    )
    for grant in grants.select_related("credential__team", "credential__registry").order_by(
        "-revoked_at", "-until"
    ):
        if grant.covers(reference) and grant.credential.serves(reference):
            return why_not_lent(grant.credential, team) or ""
    return ""


def moment_words(moment: datetime | None) -> str:
    """A date and a time that people know on whatever page they read them: with the zone."""
    if moment is None:
        return ""
    local = timezone.localtime(moment)
    return f"{date_format(local, 'j F Y H:i')} {local.tzname()}"


def _is_laxer(theirs: Registry, team: Team) -> bool:
    """Whether the owner's connection proves less about the other end than the one that the team has set for the host."""
    ours = Registry.objects.filter(team=team, host=theirs.host).first()
    if ours is None or ours.security == Security.PLAIN_HTTP or theirs.security == Security.VERIFY:
        return False
    return theirs.security != ours.security or theirs.ca_certificate != ours.ca_certificate
