"""The transfers' part of a team's deletion summary."""

from collections.abc import Sequence

from django.utils.translation import ngettext

from registry_ui.accounts.models import Team

from .models import Transfer


def transfer_deletion_summary(team: Team) -> Sequence[str]:
    count = Transfer.objects.filter(team=team).count()
    if not count:
        return []
    text = ngettext("the record of %(count)d transfer", "the record of %(count)d transfers", count)
    return [text % {"count": count}]
