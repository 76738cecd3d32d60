"""Search everywhere: the apps above register what they find; this app imports none of them."""

from django.http import Http404, HttpRequest, HttpResponse


def search(request: HttpRequest) -> HttpResponse:
    raise Http404
