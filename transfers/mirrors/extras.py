"""Tags that the target has and the source has not: found always, deleted only where the rule says so, and never many by mistake."""

from collections.abc import Callable, Sequence

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from registry_ui.images.services import find_image, remove_name
from registry_ui.oci.errors import NotFound, OciError
from registry_ui.oci.listing import is_digest_tag

from ..models import ItemAction, ItemState, MirrorItem
from .ends import Ends
from .ledger import Ledger, describe
from .listing import Pair
from .moving import is_backup
from .selection import Selection


def extras_of(pair: Pair, selection: Selection) -> list[str]:
    """Tags of the target that the rule would take by their names, and that the source does not have. None where either is not known.

    What only a newer version or a date left out of the selection is still at the source, and no extra.
    """
    if not pair.source_tags or pair.target_tags is None or pair.error is not None:
        return []
    there = set(pair.source_tags)
    unknown = [
        tag
        for tag in pair.target_tags
        if tag not in there and not is_digest_tag(tag) and not is_backup(tag)
    ]
    return [choice.tag for choice in selection.by_name(unknown) if choice.is_chosen]


def note_extras(pairs: Sequence[Pair], selection: Selection, ledger: Ledger) -> list[MirrorItem]:
    if ledger.run.is_staging:
        return []  # what else is here is nothing to the rule
    found = [
        MirrorItem(
            target_repository=pair.target,
            tag=tag,
            action=ItemAction.EXTRA,
            reason=_("The source does not have it"),
        )
        for pair in pairs
        for tag in extras_of(pair, selection)
        if not ledger.is_done("", pair.target, tag)
    ]
    return ledger.put(found)


def why_kept(items: Sequence[MirrorItem], pairs: Sequence[Pair], *, cap: int, asked: bool) -> str:
    """Why none of the extras is deleted, in a sentence; empty where they are."""
    if not asked:
        return _("The rule deletes nothing")
    if any(pair.error is not None for pair in pairs):
        return _("A repository of the source could not be listed, so nothing is deleted")
    if len(items) > cap:
        words = {"count": len(items), "cap": cap}
        return (
            ngettext(
                "%(count)d extra tag, and the cap is %(cap)d",
                "%(count)d extra tags, and the cap is %(cap)d",
                len(items),
            )
            % words
        )
    return ""


def delete_extras(
    items: Sequence[MirrorItem], ends: Ends, ledger: Ledger, tick: Callable[[], None]
) -> int:
    """How many tags were deleted. Each alone: other tags of the same image stay."""
    deleted = 0
    for item in items:
        try:
            _delete(item, ends)
        except NotFound:
            item.state, item.reason = ItemState.DONE, _("It was gone already")
        except OciError as exc:
            item.state, item.error = ItemState.FAILED, describe(exc)
        else:
            deleted += 1
            item.state, item.reason = ItemState.DONE, _("Deleted: the source does not have it")
        ledger.touch(item)
        tick()
    return deleted


def _delete(item: MirrorItem, ends: Ends) -> None:
    store = ends.plain_target(item.target_repository)
    if store is not None:
        with ends.target_slot():
            store.delete_tag(item.tag)
        return
    name = ends.local_name(item.target_repository).with_tag(item.tag)
    remove_name(image=find_image(ends.mirror.team, name), user=None)
