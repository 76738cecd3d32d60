"""The services that start transfers at a Docker Engine or Podman service.

The operator allows engines to teams; the worker checks that again.
"""

from registry_ui.accounts.models import Team, User
from registry_ui.credentials.models import Credential
from registry_ui.credentials.services import find_registry, list_candidates, select_credential
from registry_ui.images.engines.allowed_engines import engine_for
from registry_ui.images.services import find_image
from registry_ui.oci.manifest import Platform
from registry_ui.oci.reference import Reference

from ..models import Kind, Transfer
from .control import run_in_process
from .rows import create_transfer, require_tag


def start_engine_pull(
    *,
    team: Team,
    user: User | None,
    engine: str,
    reference: Reference,
    platform: str = "",
    credential: Credential | None = None,
    enqueue: bool = True,
) -> Transfer:
    """Let the engine pull an image.

    Args:
        platform: `os/architecture[/variant]`; empty means the engine's own.

    Raises:
        OciError, AmbiguousCredential, PermissionDenied
    """
    engine_for(team, engine)
    credential = select_credential(
        team=team,
        reference=reference,
        push=False,
        selected=credential,
        candidates=team_candidates(team, reference),
    )
    transfer = Transfer(
        team=team,
        user=user,
        kind=Kind.PULL,
        engine=engine,
        source=str(reference),
        target=str(reference),
        target_is_local=True,
        source_registry=find_registry(team, reference.registry),
        source_credential=credential,
        needs_source_credential=credential is not None,
        platform=_platform(platform),
    )
    return create_transfer(transfer, enqueue=enqueue)


def start_engine_push(
    *,
    team: Team,
    user: User | None,
    engine: str,
    source: Reference,
    target: Reference,
    credential: Credential | None = None,
    enqueue: bool = True,
) -> Transfer:
    """Let the engine push one of its images, under its own reference or a new one.

    Raises:
        OciError, AmbiguousCredential, PermissionDenied
    """
    engine_for(team, engine)
    require_tag(target)
    credential = select_credential(
        team=team,
        reference=target,
        push=True,
        selected=credential,
        candidates=team_candidates(team, target),
    )
    transfer = Transfer(
        team=team,
        user=user,
        # A new reference is tagged at the engine first, which is a step of a publish.
        kind=Kind.PUSH if source == target else Kind.PUBLISH,
        engine=engine,
        source=str(source),
        target=str(target),
        source_is_local=True,
        target_registry=find_registry(team, target.registry),
        target_credential=credential,
        needs_target_credential=credential is not None,
    )
    return create_transfer(transfer, enqueue=enqueue)


def start_engine_tag(
    *,
    team: Team,
    user: User | None,
    engine: str,
    source: Reference,
    target: Reference,
    image_id: str = "",
) -> Transfer:
    """Tag an engine's image at once.

    Args:
        image_id: the id of an image without a tag; `source` is only shown then.

    Raises:
        OciError, PermissionDenied
    """
    engine_for(team, engine)
    require_tag(target)
    # There is no data to transfer, so no worker is needed.
    transfer = _local_transfer(team, user, Kind.TAG, engine, source, target)
    transfer.options = {"image_id": image_id} if image_id else {}
    return run_in_process(create_transfer(transfer, enqueue=False))


def start_load(
    *,
    team: Team,
    user: User | None,
    engine: str,
    source: Reference,
    platform: str = "",
    enqueue: bool = True,
) -> Transfer:
    """Copy a local image into an engine, under the same reference.

    Raises:
        OciError, PermissionDenied
    """
    # An image that does not exist is an error of the form, and not of a job later.
    engine_for(team, engine)
    require_tag(source)
    find_image(team, source)
    transfer = _local_transfer(team, user, Kind.LOAD, engine, source, source)
    transfer.platform = _platform(platform)
    return create_transfer(transfer, enqueue=enqueue)


def start_save(
    *,
    team: Team,
    user: User | None,
    engine: str,
    source: Reference,
    target: Reference,
    enqueue: bool = True,
) -> Transfer:
    """Copy an engine's image to the local images.

    Raises:
        OciError, PermissionDenied
    """
    engine_for(team, engine)
    require_tag(target)
    transfer = _local_transfer(team, user, Kind.SAVE, engine, source, target)
    return create_transfer(transfer, enqueue=enqueue)


def team_candidates(team: Team, reference: Reference) -> list[Credential]:
    """Return the team's own credentials for a reference."""
    # A shared credential is not given to an engine: the engine uses its own TLS settings, and not
    # those of the registry that the credential is shared with.
    return [
        credential
        for credential in list_candidates(team=team, reference=reference)
        if credential.team_id == team.pk
    ]


def _local_transfer(
    team: Team, user: User | None, kind: Kind, engine: str, source: Reference, target: Reference
) -> Transfer:
    """Return a transfer without a registry, between an engine and the local images."""
    return Transfer(
        team=team,
        user=user,
        kind=kind,
        engine=engine,
        source=str(source),
        target=str(target),
        source_is_local=True,
        target_is_local=True,
    )


def _platform(text: str) -> str:
    """Return the normalized platform.

    Raises:
        InvalidManifest: it is no platform.
    """
    # Without a platform the engine chooses its own.
    return str(Platform.parse(text)) if text.strip() else ""
