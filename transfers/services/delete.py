"""The services that start deletions on a registry, for admins only."""

from collections.abc import Sequence
from dataclasses import dataclass

from registry_ui.accounts.models import Role, Team, User
from registry_ui.credentials.models import Credential
from registry_ui.credentials.services import find_registry, select_credential
from registry_ui.oci.digest import Digest
from registry_ui.oci.errors import InvalidReference
from registry_ui.oci.reference import Reference

from ..models import Kind, Transfer
from .rows import create_transfers, single_repository


@dataclass(frozen=True, slots=True)
class DeletionTarget:
    """The target of one deletion, as the user confirmed it.

    Args:
        reference: with a tag, which is deleted alone, or with a digest, which is deleted with all
            of its tags.
        digest: the digest of the tag; if the tag has another one when the job runs, nothing is
            deleted. Empty if the index does not know it.
        tags: the tags of the digest; if it has one more when the job runs, nothing is deleted.
            None allows any.
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
    """Delete a tag alone, or a digest with all of its tags: see `DeletionTarget`.

    Raises:
        OciError, AmbiguousCredential, PermissionDenied
    """
    return start_deletes(
        team=team,
        user=user,
        targets=[DeletionTarget(reference, digest, tags)],
        credential=credential,
        plain_http=plain_http,
        enqueue=enqueue,
    )[0]


def start_deletes(
    *,
    team: Team,
    user: User | None,
    targets: Sequence[DeletionTarget],
    credential: Credential | None = None,
    plain_http: bool = False,
    enqueue: bool = True,
) -> list[Transfer]:
    """Delete several tags or digests of one repository: all of them, or none.

    Raises:
        OciError, AmbiguousCredential, PermissionDenied
    """
    name = single_repository([target.reference for target in targets])
    # The registries of most providers demand the permission to push for a deletion.
    credential = select_credential(team=team, reference=name, push=True, selected=credential)
    registry = find_registry(team, name.registry)

    # One row a target, so that each can be cancelled and retried alone.
    rows = [
        Transfer(
            team=team,
            user=user,
            kind=Kind.DELETE,
            # Lists and the audit log show the target; the source makes a retry link possible.
            source=str(target.reference),
            target=str(target.reference),
            source_registry=registry,
            target_registry=registry,
            target_credential=credential,
            needs_target_credential=credential is not None,
            plain_http=plain_http,
            options=_options(target),
        )
        for target in targets
    ]
    return create_transfers(rows, enqueue=enqueue, role=Role.ADMIN)


def _options(target: DeletionTarget) -> dict[str, object]:
    # With both it would be unclear whether the other tags of the digest are to stay.
    if target.reference.digest is not None and target.reference.tag is not None:
        raise InvalidReference("tag_and_digest_given")

    digest = Digest.parse(target.digest) if target.digest else target.reference.digest
    tags = None if target.tags is None else list(target.tags)
    return {"digest": str(digest or ""), "tags": tags}
