"""What base.html needs on every page."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Place:
    """One entry of the main navigation; `section` is the namespace, or the view, that it stands for."""

    section: str
    view: str
    icon: str
    label: str | Promise

    @property
    def url(self) -> str:
        return reverse(self.view)


PLACES = (
    Place("web:overview", "web:overview", "layout-dashboard", _("Overview")),
    Place("registries", "registries:list", "server-2", _("Registries")),
    Place("images", "images:list", "stack-2", _("Images")),
    Place("transfers", "transfers:list", "arrows-exchange", _("Transfers")),
    Place("web:guide", "web:guide", "book", _("Guide")),
)


def navigation(request: HttpRequest) -> dict[str, Any]:
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"places": [], "here": ""}
    match = request.resolver_match
    here = ""
    if match is not None:
        here = match.view_name if match.namespace == "web" else match.namespace
    return {"places": PLACES, "here": here}
