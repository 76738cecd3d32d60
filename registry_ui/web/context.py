"""What base.html needs on every page."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import ResolverMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Place:
    """One entry of the main navigation; `section` is the namespace, or the first word of the view, that it stands for."""

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
    Place("mirrors", "mirrors:list", "refresh", _("Mirrors")),
    Place("accounts:team", "accounts:team", "users", _("Team")),
    Place("accounts:activity", "accounts:activity", "history", _("Activity")),
    Place("web:guide", "web:guide", "book", _("Guide")),
)

INSTALLATION = Place(
    "accounts:installation", "accounts:installation", "building-community", _("Installation")
)
# Apps whose views belong to several places, by the first word of their names; and a team's credentials, which are its affair.
_BY_VIEW = ("web", "accounts")
_ELSEWHERE = {
    "registries:team_credentials": "accounts:team",
    "this_server:overview": "registries",
    "this_server:rule_add": "registries",
    "this_server:rule_remove": "registries",
}


def navigation(request: HttpRequest) -> dict[str, Any]:
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"places": [], "here": ""}
    places = (*PLACES, INSTALLATION) if getattr(user, "is_superuser", False) else PLACES
    match = request.resolver_match
    return {"places": places, "here": _section(match) if match is not None else ""}


def _section(match: ResolverMatch) -> str:
    if match.view_name in _ELSEWHERE:
        return _ELSEWHERE[match.view_name]
    if match.namespace not in _BY_VIEW:
        return match.namespace
    return f"{match.namespace}:{(match.url_name or '').partition('_')[0]}"
