"""The texts of notices: mirror, cause, link."""

from dataclasses import dataclass

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from transfers.mirrors.models.notice import Notice, NoticeKind

from ..models import MirrorRun

_MAX_CAUSE_LENGTH = 500


@dataclass(frozen=True, slots=True)
class NoticeText:
    title: str
    body: str
    is_bad: bool = False


def notice_text(notice: Notice) -> NoticeText:
    if notice.run is None:
        params = {"channel": notice.channel.name, "team": notice.team.name}
        return NoticeText(
            _("Registry UI: a test"),
            _(
                "The channel “%(channel)s” of the team %(team)s works. Messages about mirrors "
                "arrive here."
            )
            % params,
        )

    title = {
        NoticeKind.FAILURE: _("Mirror %(name)s failed"),
        NoticeKind.RECOVERY: _("Mirror %(name)s works again"),
        NoticeKind.SUCCESS: _("Mirror %(name)s succeeded"),
    }[NoticeKind(notice.kind)]

    # Only a failure has a cause; otherwise the copied tags are counted.
    is_bad = notice.kind == NoticeKind.FAILURE
    mirror = notice.run.mirror
    lines = [
        _("%(source)s → %(target)s, team %(team)s")
        % {
            "source": mirror.source_registry.host,
            "target": mirror.target_host,
            "team": mirror.team.name,
        },
        failure_cause(notice.run) if is_bad else _copied_sentence(notice.run),
        # The worker has no request, so the address of the installation comes from the settings.
        settings.URL + reverse("mirrors:run", args=[notice.run.pk]),
    ]

    return NoticeText(
        title % {"name": mirror.name}, "\n".join(line for line in lines if line), is_bad
    )


def failure_cause(run: MirrorRun) -> str:
    """Return why a run failed, in a sentence or two."""
    error = run.error or {}
    failed = int(run.totals.get("failed") or 0)
    counted = ngettext(
        "%(count)d tag could not be mirrored.", "%(count)d tags could not be mirrored.", failed
    ) % {"count": failed}
    cause = f"{error.get('message', '')} {error.get('advice', '')}".strip()
    return cause[:_MAX_CAUSE_LENGTH] if cause else counted if failed else ""


def _copied_sentence(run: MirrorRun) -> str:
    done = int(run.totals.get("done") or 0)
    return (
        ngettext("%(count)d tag was brought over.", "%(count)d tags were brought over.", done)
        % {"count": done}
        if done
        else _("Nothing had changed.")
    )
