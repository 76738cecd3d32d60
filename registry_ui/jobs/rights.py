"""Rights, looked up again when the work begins: what was true when it was queued may not be true now."""

from django.utils.translation import gettext as _

from registry_ui.accounts.models import Role, User
from registry_ui.oci.errors import Denied

from .models import Job


def check_person(job: Job, wanted: Role = Role.OPERATOR) -> None:
    """
    Raises:
        Denied: whoever asked for it may no longer do it. What the scheduler or the command line asked for passes.
    """
    if not job.requested_by:
        return
    user = User.objects.filter(pk=job.user_id).first() if job.user_id else None
    role = user.role_in(job.team) if user else None
    if role is None or not role.allows(wanted):
        raise Denied(
            _("%(person)s may no longer do this in the team %(team)s.")
            % {"person": job.requested_by, "team": job.team.name},
            advice=_("Somebody else of the team can start it again."),
        )
