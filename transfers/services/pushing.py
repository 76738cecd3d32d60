"""From the local images to a registry."""

from registry_ui.accounts.models import Team, User
from registry_ui.images.services import find_image
from registry_ui.oci.reference import Reference
from registry_ui.registries.models import Credential
from registry_ui.registries.services import credential_for, registry_for

from ..models import Kind, Transfer
from .rows import need_tag, save


def start_push(
    *,
    team: Team,
    user: User | None,
    reference: Reference,
    credential: Credential | None = None,
    plain_http: bool = False,
    enqueue: bool = True,
) -> Transfer:
    """Send the local image of this name to the registry that the name says.

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
    """Check the login, give a local image the target's name, push it: the three steps of a private registry.

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
    need_tag(target)
    find_image(team, source)
    serving = credential_for(team=team, reference=target, push=True, chosen=credential)
    transfer = Transfer(
        team=team,
        user=user,
        kind=kind,
        source=str(source),
        target=str(target),
        source_is_local=True,
        target_registry=registry_for(team, target.registry),
        target_credential=serving,
        needs_target_credential=serving is not None,
        plain_http=plain_http,
    )
    return save(transfer, enqueue=enqueue)
