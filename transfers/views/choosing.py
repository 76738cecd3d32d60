"""What is done to tags of one repository that were chosen in a list: pull, copy, delete."""

from django.http import Http404, HttpResponse

from registry_ui.accounts.requests import TeamRequest


def pull_tags(request: TeamRequest) -> HttpResponse:
    raise Http404


def copy_tags(request: TeamRequest) -> HttpResponse:
    raise Http404


def delete_tags(request: TeamRequest) -> HttpResponse:
    raise Http404
