"""What is taken off a registry. Only admins may."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from registry_ui.accounts.models import Role, Team, User
from registry_ui.oci.digest import Digest
from registry_ui.oci.errors import InvalidReference
from registry_ui.oci.reference import Reference
from registry_ui.registries.models import Credential
from registry_ui.registries.services import credential_for, registry_for

from ..models import Kind, Transfer
from .rows import only_name, save_all


@dataclass(frozen=True, slots=True)
class Doomed:
    """What one deletion takes away, as the person saw it.

    Args:
        reference: with a tag, which goes alone; with a digest, which goes with all of its tags.
        digest: what the tag named; if it names something else by then, nothing is deleted. Empty where nobody had looked.
        tags: those that go with the digest; if it has another one by then, nothing is deleted. None takes any.
    """

    reference: Reference
    digest: str = ""
    tags: Sequence[str] | None = None


def start_delete(
    *,
    team: Team,
    user: User | None,
    reference: Reference,
    digest: str = "",
    tags: Sequence[str] | None = None,
    credential: Credential | None = None,
    plain_http: bool = False,
    enqueue: bool = True,
) -> Transfer:
    """Take a tag alone, or a digest with all of its tags, off its registry: see `Doomed`.

    Raises:
        OciError, AmbiguousCredential, PermissionDenied
    """
    doomed = [Doomed(reference, digest, tags)]
    return start_deletes(
        team=team,
        user=user,
        doomed=doomed,
        credential=credential,
        plain_http=plain_http,
        enqueue=enqueue,
    )[0]


def start_deletes(
    *,
    team: Team,
    user: User | None,
    doomed: Sequence[Doomed],
    credential: Credential | None = None,
    plain_http: bool = False,
    enqueue: bool = True,
) -> list[Transfer]:
    """`start_delete` for several names of one repository: all of them, or none.

    Raises:
        OciError, AmbiguousCredential, PermissionDenied
    """
    name = only_name([each.reference for each in doomed])
    serving = credential_for(team=team, reference=name, push=True, chosen=credential)
    registry = registry_for(team, name.registry)
    rows = [
        Transfer(
            team=team,
            user=user,
            kind=Kind.DELETE,
            source=str(each.reference),
            target=str(each.reference),
            source_registry=registry,
            target_registry=registry,
            target_credential=serving,
            needs_target_credential=serving is not None,
            plain_http=plain_http,
            options=_options(each),
        )
        for each in doomed
    ]
    return save_all(rows, enqueue=enqueue, role=Role.ADMIN)


def _options(doomed: Doomed) -> dict[str, object]:
    if doomed.reference.digest is not None and doomed.reference.tag is not None:
        raise InvalidReference(
            _("Either a tag or a digest is deleted, not both at once."),
            advice=_("Leave out one of the two."),
        )
    seen = Digest.parse(doomed.digest) if doomed.digest else doomed.reference.digest
    return {"digest": str(seen or ""), "tags": None if doomed.tags is None else list(doomed.tags)}
