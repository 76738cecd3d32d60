"""A credential that the demo team shares, and one that another team shares with it."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from registry_ui.accounts.models import Team
from registry_ui.credentials.models import Credential, CredentialGrant
from registry_ui.credentials.usage import CredentialUse, record_use
from registry_ui.registries.models import Registry
from tests.parts.teams import add_team
from tests.transfers.rows import transfer_row


def create_demo_shares(user: Any, credential: Credential) -> tuple[CredentialGrant, Credential]:
    """Create a share that the team gives and one that it receives, both in use."""
    pilots = add_team("Pilots", "pilots")
    add_team("Shipyard", "shipyard")
    grant = CredentialGrant.objects.create(
        credential=credential,
        team=pilots,
        repository_pattern="shop/*",
        expires_at=timezone.now() + timedelta(days=5),
        created_by=user,
    )
    name = f"{credential.registry.host}/shop/app:1.27.3"
    transfer_row(
        pilots, source=name, target=name, source_credential=credential, requested_by="dora"
    )
    record_use(
        credential, pilots, CredentialUse(name, by="dora", operation="pull", is_recorded=True)
    )
    return grant, _create_received_share(pilots, credential.team)


def _create_received_share(owner: Team, team: Team) -> Credential:
    registry = Registry.objects.create(team=owner, name="Dockyard", host="dockyard.example.com")
    credential = Credential(
        team=owner,
        registry=registry,
        username="robot$reader",
        label="Dockyard reader",
        repository_pattern="base/*",
    )
    credential.set_secret("not-a-real-secret")
    credential.save()
    CredentialGrant.objects.create(
        credential=credential,
        team=team,
        can_push=True,
        expires_at=timezone.now() + timedelta(days=2),
    )
    return credential
