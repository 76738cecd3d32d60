"""From a registry into the local images."""

from collections.abc import Sequence
from dataclasses import replace

from registry_ui.accounts.models import Team, User
from registry_ui.oci.copying import PlatformChoice
from registry_ui.oci.reference import Reference
from registry_ui.registries.models import Credential
from registry_ui.registries.services import credential_for, registry_for

from ..models import Kind, Transfer
from .rows import only_name, save_all


def start_pull(
    *,
    team: Team,
    user: User | None,
    reference: Reference,
    platform: str = "",
    credential: Credential | None = None,
    plain_http: bool = False,
    enqueue: bool = True,
) -> Transfer:
    """Bring an image from its registry into the local store, under the same name.

    Args:
        platform: `os/architecture[/variant]`, `all`, or empty for this machine's.
        credential: the person's choice; None lets the repository patterns choose.

    Raises:
        OciError, AmbiguousCredential, PermissionDenied
    """
    return start_pulls(
        team=team,
        user=user,
        references=[reference],
        platform=platform,
        credential=credential,
        plain_http=plain_http,
        enqueue=enqueue,
    )[0]


def start_pulls(
    *,
    team: Team,
    user: User | None,
    references: Sequence[Reference],
    platform: str = "",
    credential: Credential | None = None,
    plain_http: bool = False,
    enqueue: bool = True,
) -> list[Transfer]:
    """`start_pull` for several tags of one repository: all of them, or none.

    Raises:
        OciError, AmbiguousCredential, PermissionDenied
    """
    PlatformChoice.parse(platform)
    name = only_name(references)
    serving = credential_for(team=team, reference=name, push=False, chosen=credential)
    registry = registry_for(team, name.registry)
    rows = [
        Transfer(
            team=team,
            user=user,
            kind=Kind.PULL,
            source=str(reference),
            target=str(replace(reference, digest=None) if reference.tag else reference),
            target_is_local=True,
            source_registry=registry,
            source_credential=serving,
            needs_source_credential=serving is not None,
            platform=platform.strip().lower(),
            plain_http=plain_http,
        )
        for reference in references
    ]
    return save_all(rows, enqueue=enqueue)
