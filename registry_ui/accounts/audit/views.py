"""Pages of the audit log."""

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

from ..models import Action, AuditEvent, User
from ..requests import TeamRequest
from .action_groups import Group, group_of
from .export import FORMATS
from .filters import AuditLogFilter
from .log import record
from .object_links import object_urls
from .sentences import more_details, sentence

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
def audit_log(request: TeamRequest) -> HttpResponse:
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
        "accounts/audit_log.html#events" if is_fragment else "accounts/audit_log.html",
        context,
    )


@require_safe
def export(request: TeamRequest) -> HttpResponseBase:
    """Send all matching events as a file; the export is an event too."""
    form = _filter(request)
    file_format = request.GET.get("format", "csv")
    if file_format not in FORMATS:
        raise BadRequest(_("There is no such format."))

    write, content_type = FORMATS[file_format]
    # HEAD has no body: nothing is read, and below no export is recorded.
    lines = () if request.method == "HEAD" else write(form.events())
    response = StreamingHttpResponse(lines, content_type=content_type)
    response.headers["Content-Disposition"] = (
        f'attachment; filename="audit-log-{timezone.localdate():%Y-%m-%d}.{file_format}"'
    )

    if request.method == "GET":
        team = form.cleaned_data["team"] or request.team
        record(
            Action.AUDIT_LOG_EXPORTED,
            user=request.user,
            team=team,
            format=file_format,
            filter=form.summary or None,
        )
    return response


def _filter(request: TeamRequest) -> AuditLogFilter:
    form = AuditLogFilter(request.GET, user=request.user)
    if not form.is_valid():
        raise BadRequest(_("There is no such filter."))
    return form


def _lines(events: list[AuditEvent], user: User) -> list[Line]:
    urls = object_urls(events, user)
    return [_line(event, urls.get((event.object_kind, event.object_key), "")) for event in events]


def _line(event: AuditEvent, page: str) -> Line:
    return Line(event, sentence(event, page), group_of(event.action), more_details(event))
