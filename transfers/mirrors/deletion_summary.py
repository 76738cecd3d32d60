"""The mirrors' part of a team's deletion summary."""

from collections.abc import Sequence

from django.utils.translation import ngettext

from registry_ui.accounts.models import Team

from .models import Mirror


def mirror_deletion_summary(team: Team) -> Sequence[str]:
    count = Mirror.objects.filter(team=team).count()
    if not count:
        return []
    text = ngettext("%(count)d mirror, with its runs", "%(count)d mirrors, with their runs", count)
    return [text % {"count": count}]
