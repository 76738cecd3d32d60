"""The trail, as people read it."""

from dataclasses import dataclass
from datetime import date

from django.core.exceptions import BadRequest
from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from registry_ui.web.keyset import Keyset

from ..activity.export import FORMATS
from ..activity.filters import ActivityFilter
from ..activity.groups import Group, group_of
from ..activity.pages import pages_of
from ..activity.words import more_details, sentence
from ..models import Action, AuditEvent, User
from ..requests import TeamRequest
from ..trail import record

_NEWEST_FIRST = Keyset("-at", "-id")


@dataclass(frozen=True, slots=True)
class Line:
    """One event on the page."""

    event: AuditEvent
    sentence: SafeString
    group: Group
    more: list[tuple[str, str]]

    @property
    def day(self) -> date:
        return timezone.localdate(self.event.at)


@require_safe
def activity(request: TeamRequest) -> HttpResponse:
    form = _filter(request)
    page = _NEWEST_FIRST.page(
        form.events(), after=request.GET.get("after", ""), before=request.GET.get("before", "")
    )
    context = {
        "form": form,
        "page": page,
        "lines": _lines(page.rows, request.user),
        "query": form.query,
        "several_teams": len(request.teams) > 1,
        "today": timezone.localdate(),
        "formats": {"csv": "CSV", "jsonl": _("JSON lines")},
    }
    is_fragment = request.htmx and not request.htmx.boosted
    return render(
        request,
        "accounts/activity.html#events" if is_fragment else "accounts/activity.html",
        context,
    )


@require_safe
def export(request: TeamRequest) -> HttpResponseBase:
    """Everything that the filter finds; and that it was taken is an event too."""
    form = _filter(request)
    kind = request.GET.get("format", "csv")
    if kind not in FORMATS:
        raise BadRequest(_("There is no such format."))
    write, content_type = FORMATS[kind]
    response = StreamingHttpResponse(
        () if request.method == "HEAD" else write(form.events()), content_type=content_type
    )
    response.headers["Content-Disposition"] = (
        f'attachment; filename="activity-{timezone.localdate():%Y-%m-%d}.{kind}"'
    )
    if request.method == "GET":
        team = form.cleaned_data["team"] or request.team
        record(
            Action.ACTIVITY_EXPORTED,
            user=request.user,
            team=team,
            format=kind,
            filter=form.words or None,
        )
    return response


def _filter(request: TeamRequest) -> ActivityFilter:
    form = ActivityFilter(request.GET, user=request.user)
    if not form.is_valid():
        raise BadRequest(_("There is no such filter."))
    return form


def _lines(events: list[AuditEvent], user: User) -> list[Line]:
    pages = pages_of(events, user)
    return [_line(each, pages.get((each.object_kind, each.object_key), "")) for each in events]


def _line(event: AuditEvent, page: str) -> Line:
    return Line(event, sentence(event, page), group_of(event.action), more_details(event))
