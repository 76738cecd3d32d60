"""Notices of ended runs: which run calls for one, and its message."""

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from registry_ui.jobs.models import State
from registry_ui.jobs.scheduled_tasks import run_for_each
from registry_ui.notifications.messages import ChannelUser, Message
from registry_ui.notifications.models import NoticeKind, NotificationChannel
from registry_ui.notifications.services import notify
from registry_ui.web.errors import describe

from .models import Mirror, MirrorRun, NotificationPolicy

# Older runs have no notices, such as after a long stop of the scheduler.
_MAX_AGE = timedelta(days=1)
_BATCH_SIZE = 200
_MAX_CAUSE_LENGTH = 500


def notify_ended_runs() -> int:
    """Create the notices of ended runs and return how many were created.

    Each run is handled once, however many schedulers ask.
    """
    ended = MirrorRun.objects.filter(
        notified_at=None, finished_at__gt=timezone.now() - _MAX_AGE
    ).order_by("finished_at")
    return run_for_each(ended.select_related("mirror", "team")[:_BATCH_SIZE], _notify_of_run)


@transaction.atomic
def _notify_of_run(run: MirrorRun) -> int:
    # One row changed, or another scheduler was faster.
    if not MirrorRun.objects.filter(pk=run.pk, notified_at=None).update(notified_at=timezone.now()):
        return 0

    kind = notice_kind(run)
    if kind is None:
        return 0

    return len(notify(run.mirror.channels.all(), kind, run, team=run.team))


def notice_kind(run: MirrorRun) -> NoticeKind | None:
    """Return the kind of notice that a run calls for; None for no notice.

    Plans, pulls to local images and cancelled runs have none.
    """
    policy = run.mirror.notification_policy
    if (
        run.is_plan
        or run.is_local_pull
        or policy == NotificationPolicy.NEVER
        or run.state not in (State.SUCCEEDED, State.FAILED)
    ):
        return None

    # A failure is reported by every policy but “never”.
    if run.state == State.FAILED:
        return NoticeKind.FAILURE
    if policy == NotificationPolicy.FAILURE:
        return None

    # The first success after a failure is a recovery.
    if _failed_before(run):
        return NoticeKind.RECOVERY

    return NoticeKind.SUCCESS if policy == NotificationPolicy.ALWAYS else None


def _failed_before(run: MirrorRun) -> bool:
    earlier = MirrorRun.objects.to_target().filter(
        mirror=run.mirror, state__in=(State.SUCCEEDED, State.FAILED)
    )
    latest = (
        earlier.filter(finished_at__lt=run.finished_at)
        .exclude(pk=run.pk)
        .order_by("-finished_at")
        .first()
    )
    return latest is not None and latest.state == State.FAILED


def run_message(run_id: str, kind: NoticeKind) -> Message | None:
    """Return the message about a run: mirror, cause, link. None where the run was deleted."""
    runs = MirrorRun.objects.select_related(
        "mirror__team", "mirror__source_registry", "mirror__target_registry"
    )
    run = runs.filter(pk=run_id).first()
    if run is None:
        return None

    title = {
        NoticeKind.FAILURE: _("Mirror %(name)s failed"),
        NoticeKind.RECOVERY: _("Mirror %(name)s works again"),
        NoticeKind.SUCCESS: _("Mirror %(name)s succeeded"),
    }[kind]

    # Only a failure has a cause; otherwise the copied tags are counted.
    is_bad = kind == NoticeKind.FAILURE
    mirror = run.mirror
    lines = [
        _("%(source)s → %(target)s, team %(team)s")
        % {
            "source": mirror.source_registry.host,
            "target": mirror.target_host,
            "team": mirror.team.name,
        },
        failure_cause(run) if is_bad else _copied_sentence(run),
        # The worker has no request, so the address of the installation comes from the settings.
        settings.URL + reverse("mirrors:run", args=[run.pk]),
    ]

    return Message(title % {"name": mirror.name}, "\n".join(line for line in lines if line), is_bad)


def mirrors_of_channel(channel: NotificationChannel) -> list[ChannelUser]:
    """Return the mirrors that send their notices to a channel."""
    mirrors = Mirror.objects.filter(channels=channel)
    return [
        ChannelUser(mirror.name, reverse("mirrors:detail", args=[mirror.pk])) for mirror in mirrors
    ]


def failure_cause(run: MirrorRun) -> str:
    """Return why a run failed, in a sentence or two."""
    failed = int(run.totals.get("failed") or 0)
    counted = ngettext(
        "%(count)d tag could not be mirrored.", "%(count)d tags could not be mirrored.", failed
    ) % {"count": failed}
    cause = str(describe(run.error))
    return cause[:_MAX_CAUSE_LENGTH] if cause else counted if failed else ""


def _copied_sentence(run: MirrorRun) -> str:
    done = int(run.totals.get("done") or 0)
    return (
        ngettext("%(count)d tag was copied.", "%(count)d tags were copied.", done) % {"count": done}
        if done
        else _("Nothing had changed.")
    )
