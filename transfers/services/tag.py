"""The services that tag an image: locally, or on its registry."""

from registry_ui.accounts.models import Team, User
from registry_ui.credentials.models import Credential
from registry_ui.credentials.services import find_registry, select_credential
from registry_ui.images.services import find_image
from registry_ui.oci.errors import InvalidReference
from registry_ui.oci.reference import Reference

from ..models import Kind, Transfer
from .control import run_in_process
from .rows import create_transfer, require_tag


def start_tag(*, team: Team, user: User | None, source: Reference, target: Reference) -> Transfer:
    """Tag a local image at once: there is no data to transfer, so no worker is needed.

    Raises:
        OciError, PermissionDenied
    """
    require_tag(target)
    find_image(team, source)
    transfer = Transfer(
        team=team,
        user=user,
        kind=Kind.TAG,
        source=str(source),
        target=str(target),
        source_is_local=True,
        target_is_local=True,
    )
    return run_in_process(create_transfer(transfer, enqueue=False))


def start_retag(
    *,
    team: Team,
    user: User | None,
    source: Reference,
    target: Reference,
    credential: Credential | None = None,
    plain_http: bool = False,
    enqueue: bool = True,
) -> Transfer:
    """Tag an image on its registry within its repository, which sends one manifest only.

    Raises:
        OciError, AmbiguousCredential, PermissionDenied
    """
    require_tag(target)
    # A manifest's blobs belong to its repository, so another repository needs a copy.
    if source.name != target.name:
        raise InvalidReference("retag_across_repositories", source=source.name, target=target.name)

    credential = select_credential(team=team, reference=target, push=True, selected=credential)
    registry = find_registry(team, target.registry)
    # One credential reads and writes, because source and target are one repository.
    transfer = Transfer(
        team=team,
        user=user,
        kind=Kind.TAG,
        source=str(source),
        target=str(target),
        source_registry=registry,
        target_registry=registry,
        source_credential=credential,
        target_credential=credential,
        needs_source_credential=credential is not None,
        needs_target_credential=credential is not None,
        plain_http=plain_http,
    )
    return create_transfer(transfer, enqueue=enqueue)
