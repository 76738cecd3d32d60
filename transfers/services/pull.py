"""The services that start pulls to the local images."""

from collections.abc import Sequence
from dataclasses import replace

from registry_ui.accounts.models import Team, User
from registry_ui.credentials.models import Credential
from registry_ui.credentials.services import find_registry, select_credential
from registry_ui.oci.image_copy import PlatformChoice
from registry_ui.oci.reference import Reference

from ..models import Kind, Transfer
from .rows import create_transfers, single_repository


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
    """Pull an image to the local images, under the same reference.

    Args:
        platform: `os/architecture[/variant]`, `all`, or empty for this machine's.
        credential: the user's choice; with None the repository patterns decide.

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
    """Pull several tags of one repository: all of them, or none.

    Raises:
        OciError, AmbiguousCredential, PermissionDenied
    """
    # Parsed for its error only: the row keeps the text, which the worker parses again.
    PlatformChoice.parse(platform)
    name = single_repository(references)
    credential = select_credential(team=team, reference=name, push=False, selected=credential)
    registry = find_registry(team, name.registry)

    # One row a tag, so that each can be cancelled and retried alone.
    rows = [
        Transfer(
            team=team,
            user=user,
            kind=Kind.PULL,
            source=str(reference),
            # The local reference of an image with tag and digest is the tag, as docker does it.
            target=str(replace(reference, digest=None) if reference.tag else reference),
            target_is_local=True,
            source_registry=registry,
            source_credential=credential,
            needs_source_credential=credential is not None,
            platform=platform.strip().lower(),
            plain_http=plain_http,
        )
        for reference in references
    ]
    return create_transfers(rows, enqueue=enqueue)
