"""What is done to a transfer that there is."""

from django.db import transaction
from django.utils.translation import gettext as _

from registry_ui.accounts.models import Action, Role, User
from registry_ui.jobs.queueing import worker_name
from registry_ui.oci.errors import InvalidReference

from ..models import Kind, State, Transfer
from ..queueing import TRANSFERS
from ..running import run
from ..trail import record_transfer
from .rows import need_role, save

# What a retry takes over from the row that it repeats.
_REPEATED = (
    "team",
    "kind",
    "source",
    "target",
    "source_is_local",
    "target_is_local",
    "source_registry",
    "target_registry",
    "source_credential",
    "target_credential",
    "needs_source_credential",
    "needs_target_credential",
    "engine",
    "platform",
    "plain_http",
    "options",
)


def cancel(transfer: Transfer, user: User | None) -> None:
    """Stop a transfer: at once while it is queued, within two seconds while it runs. One that has ended stays as it is.

    Raises:
        PermissionDenied
    """
    need_role(transfer.team, user, Role.OPERATOR)
    with transaction.atomic():
        if TRANSFERS.cancel(transfer):
            record_transfer(Action.TRANSFER_CANCELLED, transfer, user=user)


def retry(transfer: Transfer, user: User | None, *, enqueue: bool = True) -> Transfer:
    """Start an ended transfer again as a new row; whatever has arrived is not moved again.

    Raises:
        OciError, PermissionDenied
    """
    need_role(transfer.team, user, transfer.wanted_role)
    if not transfer.is_terminal:
        raise InvalidReference(_("This transfer has not ended."), advice=_("Cancel it first."))
    if transfer.kind == Kind.DELETE and transfer.state != State.FAILED:
        raise InvalidReference(
            _("Only a deletion that failed is tried again."),
            advice=_("To delete what is there now, choose it in its repository anew."),
        )
    copied = {name: getattr(transfer, name) for name in _REPEATED}
    return save(
        Transfer(user=user, retry_of=transfer, **copied), enqueue=enqueue, role=transfer.wanted_role
    )


def run_here(transfer: Transfer) -> Transfer:
    """Run a queued transfer in this process, to its end, and return its row as it is then."""
    claimed = Transfer.claim_for_run(transfer.pk, worker_name())
    if claimed is not None:
        run(claimed)
    return Transfer.objects.get(pk=transfer.pk)
