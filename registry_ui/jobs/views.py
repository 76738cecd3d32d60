"""The administration page of the scheduled tasks."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from registry_ui.accounts.permissions import needs_administrator
from registry_ui.accounts.requests import TeamRequest

from .scheduled_tasks import task_reports


@require_safe
@needs_administrator
def scheduled_tasks(request: TeamRequest) -> HttpResponse:
    reports = task_reports()
    context = {
        "reports": reports,
        "late_count": sum(report.is_late for report in reports),
        # No scheduler has run since the installation.
        "has_run": any(report.state for report in reports),
    }
    return render(request, "jobs/scheduled_tasks.html", context)
