"""A second check of rights at the start of a job: they may have changed since it was queued."""

from registry_ui.accounts.models import Role, User
from registry_ui.accounts.permissions import allows
from registry_ui.oci.errors import Denied

from .models import Job


def check_requester(job: Job, required_role: Role = Role.OPERATOR) -> None:
    """Refuse a job whose user has lost the required role.

    Raises:
        Denied
    """
    # Jobs of the scheduler and the command line have no user.
    if not job.requested_by:
        return
    # Read again: the user may have been removed, or have left the team.
    user = User.objects.filter(pk=job.user_id).first() if job.user_id else None
    role = user.role_in(job.team) if user else None
    if not allows(role, required_role):
        raise Denied("access_revoked", person=job.requested_by, team=job.team.name)
