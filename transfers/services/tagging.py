"""One more name for an image: here, or on its registry."""

from django.utils.translation import gettext as _

from registry_ui.accounts.models import Team, User
from registry_ui.images.services import find_image
from registry_ui.oci.errors import InvalidReference
from registry_ui.oci.reference import Reference
from registry_ui.registries.models import Credential
from registry_ui.registries.services import credential_for, registry_for

from ..models import Kind, Transfer
from .controlling import run_here
from .rows import need_tag, save


def start_tag(*, team: Team, user: User | None, source: Reference, target: Reference) -> Transfer:
    """Give a local image one more name, at once: no data moves, so nothing has to wait for a worker.

    Raises:
        OciError, PermissionDenied
    """
    need_tag(target)
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
    return run_here(save(transfer, enqueue=False))


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
    """Point another tag of the same repository on a registry at the same image: one manifest, no local copy.

    Raises:
        OciError, AmbiguousCredential, PermissionDenied
    """
    need_tag(target)
    if source.name != target.name:
        raise InvalidReference(
            _("A retag stays within one repository; %(source)s and %(target)s are two.")
            % {"source": source.name, "target": target.name},
            advice=_("Copy the image there instead."),
        )
    serving = credential_for(team=team, reference=target, push=True, chosen=credential)
    registry = registry_for(team, target.registry)
    transfer = Transfer(
        team=team,
        user=user,
        kind=Kind.TAG,
        source=str(source),
        target=str(target),
        source_registry=registry,
        target_registry=registry,
        source_credential=serving,
        target_credential=serving,
        needs_source_credential=serving is not None,
        needs_target_credential=serving is not None,
        plain_http=plain_http,
    )
    return save(transfer, enqueue=enqueue)
