"""The context processor of the main navigation."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import ResolverMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class NavigationEntry:
    """One entry of the main navigation. `section` is compared with the result of `_section`."""

    section: str
    view: str
    icon: str
    label: str | Promise

    @property
    def url(self) -> str:
        return reverse(self.view)


NAVIGATION = (
    NavigationEntry("web:overview", "web:overview", "layout-dashboard", _("Overview")),
    NavigationEntry("registries", "registries:list", "server-2", _("Registries")),
    NavigationEntry("images", "images:list", "stack-2", _("Images")),
    NavigationEntry("transfers", "transfers:list", "arrows-exchange", _("Transfers")),
    NavigationEntry("mirrors", "mirrors:list", "refresh", _("Mirrors")),
    NavigationEntry("accounts:team", "accounts:team", "users", _("Team")),
    NavigationEntry("accounts:audit", "accounts:audit_log", "history", _("Audit log")),
    NavigationEntry("web:guide", "web:guide", "book", _("Guide")),
)

ADMINISTRATION = NavigationEntry(
    "accounts:administration", "accounts:administration", "building-community", _("Administration")
)
# Namespaces with several sections, which the first word of a view's name distinguishes.
_SPLIT_NAMESPACES = ("web", "accounts")
# Views in the section of another namespace.
_SECTION_OF_VIEW = {
    "registries:team_credentials": "accounts:team",
    "jobs:scheduled_tasks": "accounts:administration",
    # Mirrors lead to the channels; no entry of its own, as they are set up once.
    "notifications:channels": "mirrors",
    "notifications:channel_add": "mirrors",
    "notifications:channel_edit": "mirrors",
    "notifications:channel_remove": "mirrors",
    "builtin_registry:overview": "registries",
    "builtin_registry:rule_add": "registries",
    "builtin_registry:rule_remove": "registries",
}


def navigation(request: HttpRequest) -> dict[str, Any]:
    # A request that an early middleware refuses has no user.
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"navigation_entries": [], "current_section": ""}

    is_superuser = getattr(user, "is_superuser", False)
    # A page for an unknown address has no match.
    match = request.resolver_match
    return {
        "navigation_entries": (*NAVIGATION, ADMINISTRATION) if is_superuser else NAVIGATION,
        "current_section": _section(match) if match is not None else "",
    }


def _section(match: ResolverMatch) -> str:
    if match.view_name in _SECTION_OF_VIEW:
        return _SECTION_OF_VIEW[match.view_name]
    if match.namespace not in _SPLIT_NAMESPACES:
        return match.namespace
    return f"{match.namespace}:{(match.url_name or '').partition('_')[0]}"
