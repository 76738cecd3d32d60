"""What a notice says: the rule, the cause, the link."""

from dataclasses import dataclass

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ..models import MirrorRun, Notice, NoticeKind

_LONGEST_CAUSE = 500


@dataclass(frozen=True, slots=True)
class Text:
    title: str
    body: str
    is_bad: bool = False


def text_of(notice: Notice) -> Text:
    if notice.run is None:
        words = {"channel": notice.channel.name, "team": notice.team.name}
        return Text(
            _("Registry UI: a test"),
            _(
                "The channel “%(channel)s” of the team %(team)s works. Messages about mirrors arrive here."
            )
            % words,
        )
    title = {
        NoticeKind.FAILURE: _("Mirror %(name)s failed"),
        NoticeKind.RECOVERY: _("Mirror %(name)s works again"),
        NoticeKind.SUCCESS: _("Mirror %(name)s succeeded"),
    }[NoticeKind(notice.kind)]
    is_bad = notice.kind == NoticeKind.FAILURE
    mirror = notice.run.mirror
    lines = [
        _("%(source)s → %(target)s, team %(team)s")
        % {
            "source": mirror.source_registry.host,
            "target": mirror.target_host,
            "team": mirror.team.name,
        },
        cause_of(notice.run) if is_bad else _moved(notice.run),
        settings.URL + reverse("mirrors:run", args=[notice.run.pk]),
    ]
    return Text(title % {"name": mirror.name}, "\n".join(line for line in lines if line), is_bad)


def cause_of(run: MirrorRun) -> str:
    """Why a run failed, in a sentence or two."""
    error = run.error or {}
    failed = int(run.totals.get("failed") or 0)
    counted = ngettext(
        "%(count)d tag could not be mirrored.", "%(count)d tags could not be mirrored.", failed
    ) % {"count": failed}
    said = f"{error.get('message', '')} {error.get('advice', '')}".strip()
    return said[:_LONGEST_CAUSE] if said else counted if failed else ""


def _moved(run: MirrorRun) -> str:
    done = int(run.totals.get("done") or 0)
    return (
        ngettext("%(count)d tag was brought over.", "%(count)d tags were brought over.", done)
        % {"count": done}
        if done
        else _("Nothing had changed.")
    )
