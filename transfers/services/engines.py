"""What is asked of a Docker Engine or Podman service. The operator allows engines to teams; the worker looks again."""

from registry_ui.accounts.models import Team, User
from registry_ui.images.engines.allowed import engine_for
from registry_ui.images.services import find_image
from registry_ui.oci.manifest import Platform
from registry_ui.oci.reference import Reference
from registry_ui.registries.models import Credential
from registry_ui.registries.services import candidates_for, credential_for, registry_for

from ..models import Kind, Transfer
from .controlling import run_here
from .rows import need_tag, save


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
        platform: `os/architecture[/variant]`, or empty for the engine's own.

    Raises:
        OciError, AmbiguousCredential, PermissionDenied
    """
    engine_for(team, engine)
    serving = credential_for(
        team=team,
        reference=reference,
        push=False,
        chosen=credential,
        candidates=own_candidates(team, reference),
    )
    transfer = Transfer(
        team=team,
        user=user,
        kind=Kind.PULL,
        engine=engine,
        source=str(reference),
        target=str(reference),
        target_is_local=True,
        source_registry=registry_for(team, reference.registry),
        source_credential=serving,
        needs_source_credential=serving is not None,
        platform=_platform(platform),
    )
    return save(transfer, enqueue=enqueue)


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
    """Let the engine push one of its images, under this name or another, which it gets first.

    Raises:
        OciError, AmbiguousCredential, PermissionDenied
    """
    engine_for(team, engine)
    need_tag(target)
    serving = credential_for(
        team=team,
        reference=target,
        push=True,
        chosen=credential,
        candidates=own_candidates(team, target),
    )
    transfer = Transfer(
        team=team,
        user=user,
        kind=Kind.PUSH if source == target else Kind.PUBLISH,
        engine=engine,
        source=str(source),
        target=str(target),
        source_is_local=True,
        target_registry=registry_for(team, target.registry),
        target_credential=serving,
        needs_target_credential=serving is not None,
    )
    return save(transfer, enqueue=enqueue)


def start_engine_tag(
    *,
    team: Team,
    user: User | None,
    engine: str,
    source: Reference,
    target: Reference,
    image_id: str = "",
) -> Transfer:
    """Give an engine's image one more name, at once.

    Args:
        image_id: of an image that has no name yet; `source` is only how it is shown then.

    Raises:
        OciError, PermissionDenied
    """
    engine_for(team, engine)
    need_tag(target)
    transfer = _within(team, user, Kind.TAG, engine, source, target)
    transfer.options = {"image_id": image_id} if image_id else {}
    return run_here(save(transfer, enqueue=False))


def start_load(
    *,
    team: Team,
    user: User | None,
    engine: str,
    source: Reference,
    platform: str = "",
    enqueue: bool = True,
) -> Transfer:
    """Copy an image of the local store into an engine, under the same name.

    Raises:
        OciError, PermissionDenied
    """
    engine_for(team, engine)
    need_tag(source)
    find_image(team, source)
    transfer = _within(team, user, Kind.LOAD, engine, source, source)
    transfer.platform = _platform(platform)
    return save(transfer, enqueue=enqueue)


def start_save(
    *,
    team: Team,
    user: User | None,
    engine: str,
    source: Reference,
    target: Reference,
    enqueue: bool = True,
) -> Transfer:
    """Copy an engine's image into the local store.

    Raises:
        OciError, PermissionDenied
    """
    engine_for(team, engine)
    need_tag(target)
    return save(_within(team, user, Kind.SAVE, engine, source, target), enqueue=enqueue)


def own_candidates(team: Team, reference: Reference) -> list[Credential]:
    """Those of the team itself: what others share is not handed to an engine, which connects as its own settings say."""
    return [
        each for each in candidates_for(team=team, reference=reference) if each.team_id == team.pk
    ]


def _within(
    team: Team, user: User | None, kind: Kind, engine: str, source: Reference, target: Reference
) -> Transfer:
    """Between this machine's stores: no registry takes part."""
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
    """
    Raises:
        InvalidManifest: it is no platform.
    """
    return str(Platform.parse(text)) if text.strip() else ""
