"""What every verb needs: rights, names, and rows that go to the queue once they are written."""

from collections.abc import Sequence
from functools import partial

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from registry_ui.accounts.models import Action, Role, Team, User
from registry_ui.oci.errors import InvalidReference
from registry_ui.oci.reference import Reference

from ..models import Transfer
from ..queueing import TRANSFERS
from ..trail import record_transfer


def save_all(
    transfers: Sequence[Transfer], *, enqueue: bool, role: Role = Role.OPERATOR
) -> list[Transfer]:
    """Write new rows of one team and one person, all or none, and hand them to the workers.

    Raises:
        PermissionDenied: the person has not at least this role in the team.
    """
    for team, user in {(transfer.team, transfer.user) for transfer in transfers}:
        need_role(team, user, role)
    for transfer in transfers:
        transfer.requested_by = transfer.user.get_username() if transfer.user else ""
    with transaction.atomic():
        rows = Transfer.objects.bulk_create(transfers)
        for row in rows:
            record_transfer(Action.TRANSFER_STARTED, row, user=row.user)
        if enqueue:
            for row in rows:
                transaction.on_commit(partial(TRANSFERS.enqueue, row))
    return rows


def save(transfer: Transfer, *, enqueue: bool, role: Role = Role.OPERATOR) -> Transfer:
    return save_all([transfer], enqueue=enqueue, role=role)[0]


def need_role(team: Team, user: User | None, wanted: Role) -> None:
    """The command line, which has no user, is trusted with everything: who runs it reads the database anyway.

    Raises:
        PermissionDenied
    """
    if user is None:
        return
    role = user.role_in(team)
    if role is None or not role.allows(wanted):
        words = {"team": team.name}
        raise PermissionDenied(
            _("Only admins of the team %(team)s may do this.") % words
            if wanted == Role.ADMIN
            else _("Only operators and admins of the team %(team)s may do this.") % words
        )


def need_tag(target: Reference) -> None:
    if target.digest is not None or target.tag is None:
        raise InvalidReference(
            _("The new name needs a tag, not a digest."),
            advice=_("Write it as %(name)s:1.0, say.") % {"name": target.name},
        )


def only_name(references: Sequence[Reference]) -> Reference:
    """Any of the references, which are all of one repository: one credential serves them."""
    if len({reference.name for reference in references}) != 1:
        raise ValueError("These references are not of one repository.")
    return references[0]
