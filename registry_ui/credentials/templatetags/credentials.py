"""Template filters for credentials."""

from django import template

from registry_ui.accounts.models import Team

from .. import sharing
from ..models import Credential

register = template.Library()


@register.filter
def name_for(credential: Credential | None, team: Team | None) -> str:
    return sharing.name_for(credential, team) if credential is not None else ""
