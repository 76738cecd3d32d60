"""Notices as a kind of background jobs."""

from django.urls import reverse
from django.utils.translation import gettext as _

from registry_ui.accounts.models import Role
from registry_ui.jobs.kinds import JobKind

from .models import Notice

NOTICES = JobKind(
    name="notices",
    model=Notice,
    run_class="registry_ui.notifications.delivery.NoticeJobRun",
    describe=lambda notice: _("Message to the channel %(name)s") % {"name": notice.channel.name},
    url=lambda notice: reverse("notifications:channels"),
    required_role=lambda notice: Role.ADMIN,
)
