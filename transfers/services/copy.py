"""The services that start copies between registries."""

from collections.abc import Sequence
from typing import Any

from registry_ui.accounts.models import Team, User
from registry_ui.credentials.models import Credential
from registry_ui.credentials.services import find_registry, select_credential
from registry_ui.oci.errors import InvalidReference
from registry_ui.oci.image_copy import PlatformChoice
from registry_ui.oci.reference import Reference

from ..models import Kind, Transfer
from .rows import create_transfers, require_tag, single_repository


def start_copy(
    *,
    team: Team,
    user: User | None,
    source: Reference,
    target: Reference,
    platform: str = "all",
    source_credential: Credential | None = None,
    target_credential: Credential | None = None,
    plain_http: bool = False,
    enqueue: bool = True,
) -> Transfer:
    """Copy an image from one registry to another, or to another name on the same one.

    Args:
        platform: `all`, which keeps the digest, or `os/architecture[/variant]`; empty means `all`.
        source_credential, target_credential: the user's choice; with None the repository patterns
            decide.

    Raises:
        OciError, AmbiguousCredential, PermissionDenied
    """
    return start_copies(
        team=team,
        user=user,
        pairs=[(source, target)],
        platform=platform,
        source_credential=source_credential,
        target_credential=target_credential,
        plain_http=plain_http,
        enqueue=enqueue,
    )[0]


def start_copies(
    *,
    team: Team,
    user: User | None,
    pairs: Sequence[tuple[Reference, Reference]],
    platform: str = "all",
    source_credential: Credential | None = None,
    target_credential: Credential | None = None,
    plain_http: bool = False,
    enqueue: bool = True,
) -> list[Transfer]:
    """Copy several tags of one repository to another repository: all of them, or none.

    Raises:
        OciError, AmbiguousCredential, PermissionDenied
    """
    # Parsed for its error only: the row keeps the text, which the worker parses again.
    platform = platform.strip().lower() or "all"
    PlatformChoice.parse(platform)
    for source, target in pairs:
        _check_pair(source, target)

    endpoints = _endpoints(team, pairs, source_credential, target_credential)
    # One row a tag, so that each can be cancelled and retried alone.
    rows = [
        Transfer(
            team=team,
            user=user,
            kind=Kind.COPY,
            source=str(source),
            target=str(target),
            platform=platform,
            plain_http=plain_http,
            **endpoints,
        )
        for source, target in pairs
    ]
    return create_transfers(rows, enqueue=enqueue)


def _endpoints(
    team: Team,
    pairs: Sequence[tuple[Reference, Reference]],
    source_credential: Credential | None,
    target_credential: Credential | None,
) -> dict[str, Any]:
    """Return the columns for registries and credentials, which all of the pairs share."""
    # One credential serves a repository, so each endpoint needs one look-up only.
    source = single_repository([source for source, _target in pairs])
    target = single_repository([target for _source, target in pairs])
    source_credential = select_credential(
        team=team, reference=source, push=False, selected=source_credential
    )
    target_credential = select_credential(
        team=team, reference=target, push=True, selected=target_credential
    )
    return {
        "source_registry": find_registry(team, source.registry),
        "target_registry": find_registry(team, target.registry),
        "source_credential": source_credential,
        "target_credential": target_credential,
        "needs_source_credential": source_credential is not None,
        "needs_target_credential": target_credential is not None,
    }


def _check_pair(source: Reference, target: Reference) -> None:
    require_tag(target)
    # A copy to itself would transfer nothing and succeed, which hides a typing error.
    if source == target:
        raise InvalidReference("copy_to_itself", name=source.familiar)
