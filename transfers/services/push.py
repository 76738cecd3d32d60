"""The services that start pushes of local images to a registry."""

from registry_ui.accounts.models import Team, User
from registry_ui.credentials.models import Credential
from registry_ui.credentials.services import find_registry, select_credential
from registry_ui.images.services import find_image
from registry_ui.oci.reference import Reference

from ..models import Kind, Transfer
from .rows import create_transfer, require_tag


def start_push(
    *,
    team: Team,
    user: User | None,
    reference: Reference,
    credential: Credential | None = None,
    plain_http: bool = False,
    enqueue: bool = True,
) -> Transfer:
    """Push a local image to the registry of its reference.

    Raises:
        OciError, AmbiguousCredential, PermissionDenied
    """
    return _start(Kind.PUSH, team, user, reference, reference, credential, plain_http, enqueue)


def start_publish(
    *,
    team: Team,
    user: User | None,
    source: Reference,
    target: Reference,
    credential: Credential | None = None,
    plain_http: bool = False,
    enqueue: bool = True,
) -> Transfer:
    """Check the login, tag a local image with the target's reference, and push it.

    Raises:
        OciError, AmbiguousCredential, PermissionDenied
    """
    return _start(Kind.PUBLISH, team, user, source, target, credential, plain_http, enqueue)


def _start(
    kind: Kind,
    team: Team,
    user: User | None,
    source: Reference,
    target: Reference,
    credential: Credential | None,
    plain_http: bool,
    enqueue: bool,
) -> Transfer:
    # An image that does not exist is an error of the form, and not of a job later.
    require_tag(target)
    find_image(team, source)

    credential = select_credential(team=team, reference=target, push=True, selected=credential)
    transfer = Transfer(
        team=team,
        user=user,
        kind=kind,
        source=str(source),
        target=str(target),
        source_is_local=True,
        target_registry=find_registry(team, target.registry),
        target_credential=credential,
        needs_target_credential=credential is not None,
        plain_http=plain_http,
    )
    return create_transfer(transfer, enqueue=enqueue)
