"""The summary of a team's local images, shown before the team is deleted."""

from collections.abc import Sequence

from django.utils.translation import ngettext

from registry_ui.accounts.models import Team

from .models import LocalImage


def deletion_summary(team: Team) -> Sequence[str]:
    count = LocalImage.objects.filter(team=team).count()
    return (
        [ngettext("%(count)d local image", "%(count)d local images", count) % {"count": count}]
        if count
        else []
    )
