"""Teams."""

import secrets

from django.db import transaction
from django.utils.text import slugify

from ..models import Membership, Role, Team, User


@transaction.atomic
def create_team(*, name: str, owner: User) -> Team:
    """A team, with its first admin."""
    team = Team.objects.create(name=name, slug=_free_slug(name))
    Membership.objects.create(team=team, user=owner, role=Role.ADMIN)
    return team


def _free_slug(name: str) -> str:
    wish = slugify(name)[:50] or "team"
    slug = wish
    while Team.objects.filter(slug=slug).exists():
        slug = f"{wish}-{secrets.token_hex(2)}"
    return slug
