"""From a registry to a registry, or within one: nothing is kept here."""

from collections.abc import Sequence

from django.utils.translation import gettext as _

from registry_ui.accounts.models import Team, User
from registry_ui.oci.copying import PlatformChoice
from registry_ui.oci.errors import InvalidReference
from registry_ui.oci.reference import Reference
from registry_ui.registries.models import Credential
from registry_ui.registries.services import credential_for, registry_for

from ..models import Kind, Transfer
from .rows import need_tag, only_name, save_all


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
        platform: `all`, which keeps the digest, or `os/architecture[/variant]`; empty is all too.
        source_credential, target_credential: the person's choice; None lets the repository patterns choose.

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
    """`start_copy` for several tags of one repository that go to one other: all of them, or none.

    Raises:
        OciError, AmbiguousCredential, PermissionDenied
    """
    platform = platform.strip().lower() or "all"
    PlatformChoice.parse(platform)
    for source, target in pairs:
        _check_pair(source, target)
    source, target = (
        only_name([source for source, _target in pairs]),
        only_name([target for _source, target in pairs]),
    )
    reading = credential_for(team=team, reference=source, push=False, chosen=source_credential)
    writing = credential_for(team=team, reference=target, push=True, chosen=target_credential)
    ends = {
        "source_registry": registry_for(team, source.registry),
        "target_registry": registry_for(team, target.registry),
        "source_credential": reading,
        "target_credential": writing,
        "needs_source_credential": reading is not None,
        "needs_target_credential": writing is not None,
    }
    rows = [
        Transfer(
            team=team,
            user=user,
            kind=Kind.COPY,
            source=str(source),
            target=str(target),
            platform=platform,
            plain_http=plain_http,
            **ends,
        )
        for source, target in pairs
    ]
    return save_all(rows, enqueue=enqueue)


def _check_pair(source: Reference, target: Reference) -> None:
    need_tag(target)
    if source == target:
        raise InvalidReference(
            _("%(name)s cannot be copied to itself.") % {"name": source.familiar},
            advice=_("Choose another registry, another repository or another tag."),
        )
