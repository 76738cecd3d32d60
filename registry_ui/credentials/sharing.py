"""Checks of credentials that other teams share with a team.

The connection settings are always the owner's, so that a secret is sent as safely as its owner
chose. The credential is refused if the other team's own registry row demands a safer
connection: a grant must not weaken what a team has set for itself.
"""

from django.utils.translation import gettext as _

from registry_ui.accounts.models import Team
from registry_ui.oci.errors import OciError
from registry_ui.oci.reference import Reference
from registry_ui.registries.models import Registry, Security

from .models import Credential, CredentialGrant


class CredentialUnusable(OciError):
    """A selected credential that cannot be used. No other one is tried in its place."""


def is_from_other_team(credential: Credential, team: Team) -> bool:
    return credential.team_id != team.pk


def name_for(credential: Credential, team: Team | None) -> str:
    """Return the label, followed by the owner's name if another team owns the credential."""
    if team is None or not is_from_other_team(credential, team):
        return credential.label
    return _("%(label)s of team %(team)s") % {"label": credential.label, "team": credential.team}


def find_grant(credential: Credential, team: Team) -> CredentialGrant | None:
    """Return the team's grant, in force or not: the one that is not revoked, or the latest."""
    # `usable_by` has prefetched the grants, so a list needs no query for each credential.
    grants = [grant for grant in credential.grants.all() if grant.team_id == team.pk]
    return max(grants, key=lambda grant: (grant.revoked_at is None, grant.created_at), default=None)


def unshared_reason(credential: Credential, team: Team) -> CredentialUnusable | None:
    """Return why the team may not use another team's credential at all; None if it may."""
    grant = find_grant(credential, team)
    # Without any grant, the owner's name would tell the team about a credential of others.
    if grant is None:
        return CredentialUnusable("credential_of_another_team", team=team)

    if grant.revoked_at is not None:
        return CredentialUnusable(
            "share_revoked",
            owner=credential.team,
            label=credential.label,
            revoked_at=grant.revoked_at,
        )
    if not grant.is_in_force:
        return CredentialUnusable(
            "share_ended", owner=credential.team, label=credential.label, ended_at=grant.expires_at
        )

    # The secret would be sent over the owner's connection, also to reach this team's images.
    if _is_less_secure(credential.registry, team):
        return CredentialUnusable(
            "share_less_safe",
            owner=credential.team,
            label=credential.label,
            host=credential.registry.host,
        )
    return None


def uncovered_reason(
    credential: Credential, team: Team, reference: Reference, *, push: bool
) -> CredentialUnusable | None:
    """Return why the grant does not allow one use of the credential; None if it does.

    `unshared_reason` must have passed before.
    """
    grant = find_grant(credential, team)
    assert grant is not None

    if push and not grant.can_push:
        return CredentialUnusable("share_pull_only", owner=credential.team, label=credential.label)
    if not grant.covers(reference):
        return CredentialUnusable(
            "share_for_other_repositories",
            owner=credential.team,
            label=credential.label,
            repository=reference.repository,
            pattern=grant.repository_pattern,
        )
    return None


def lost_share_reason(team: Team, reference: Reference) -> CredentialUnusable | None:
    """Return why a grant for this reference has ended; None if the team never had one."""
    grants = CredentialGrant.objects.ended().filter(
        team=team, credential__registry__host=reference.registry
    )
    for grant in grants.select_related("credential__team", "credential__registry").order_by(
        "-revoked_at", "-expires_at"
    ):
        if grant.covers(reference) and grant.credential.serves(reference):
            return unshared_reason(grant.credential, team)
    return None


def _is_less_secure(shared: Registry, team: Team) -> bool:
    """Return whether the owner's connection is less safe than the team's own for the host."""
    # VERIFY is the strictest setting and PLAIN_HTTP the laxest. Two private authorities cannot be
    # compared, so a different one counts as less safe.
    own = Registry.objects.filter(team=team, host=shared.host).first()
    if own is None or own.security == Security.PLAIN_HTTP or shared.security == Security.VERIFY:
        return False
    return shared.security != own.security or shared.ca_certificate != own.ca_certificate
