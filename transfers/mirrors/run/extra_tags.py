"""Extra tags: those of the target that the source does not have.

They are always reported, and deleted only where the mirror says so and within its cap.
"""

from collections.abc import Callable, Sequence

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from registry_ui.images.services import find_image, remove_name
from registry_ui.oci.errors import Cancelled, NotFound, OciError
from registry_ui.oci.name_lists import is_digest_tag

from ..models import ItemAction, ItemState, MirrorItem
from ..selection import Selection
from .endpoints import Endpoints
from .item_store import ItemStore
from .repository_pairs import RepositoryPair
from .tag_copies import is_backup_tag


def find_extras(pair: RepositoryPair, selection: Selection) -> list[str]:
    """Return the target's tags that the mirror selects by name and the source lacks.

    The result is empty where one of the lists is unknown. A tag that only a newer version or a
    date excludes is still at the source, so it is no extra.
    """
    # An empty list may be an error of the source, and would make every tag an extra.
    if not pair.source_tags or pair.target_tags is None or pair.error is not None:
        return []
    source_tags = set(pair.source_tags)
    unknown = [
        tag
        for tag in pair.target_tags
        if tag not in source_tags and not is_digest_tag(tag) and not is_backup_tag(tag)
    ]
    return [choice.tag for choice in selection.select_by_name(unknown) if choice.is_selected]


def record_extras(
    pairs: Sequence[RepositoryPair], selection: Selection, item_store: ItemStore
) -> list[MirrorItem]:
    if item_store.run.is_local_pull:
        return []  # Other local images do not belong to the mirror.

    # An earlier worker of this run may have deleted some already.
    items = [
        MirrorItem(
            target_repository=pair.target,
            tag=tag,
            action=ItemAction.EXTRA,
            reason=_("The source does not have it"),
        )
        for pair in pairs
        for tag in find_extras(pair, selection)
        if not item_store.is_done("", pair.target, tag)
    ]

    return item_store.save(items)


def keep_reason(
    items: Sequence[MirrorItem], pairs: Sequence[RepositoryPair], *, cap: int, is_enabled: bool
) -> str:
    """Return why no extra is deleted, in a sentence; empty where they are deleted."""
    if not is_enabled:
        return _("The rule deletes nothing")

    # Nothing is deleted while the view of the source is incomplete.
    if any(pair.error is not None for pair in pairs):
        return _("A repository of the source could not be listed, so nothing is deleted")

    if len(items) > cap:
        params = {"count": len(items), "cap": cap}
        return (
            ngettext(
                "%(count)d extra tag, and the cap is %(cap)d",
                "%(count)d extra tags, and the cap is %(cap)d",
                len(items),
            )
            % params
        )

    return ""


def delete_extras(
    items: Sequence[MirrorItem],
    endpoints: Endpoints,
    item_store: ItemStore,
    checkpoint: Callable[[], None],
) -> int:
    """Delete extra tags one by one and return how many were deleted.

    Other tags of the same image stay.

    Raises:
        Cancelled
    """
    deleted = 0
    for item in items:
        try:
            _delete(item, endpoints)
        except NotFound:
            # Somebody else deleted it; the result is the same.
            item.state, item.reason = ItemState.DONE, _("It was gone already")
        except Cancelled:
            # The next run sees whether the tag is still there.
            raise
        except OciError as exc:
            item.state, item.error = ItemState.FAILED, exc.stored()
        else:
            deleted += 1
            item.state, item.reason = ItemState.DONE, _("Deleted: the source does not have it")

        item_store.mark_changed(item)
        checkpoint()

    return deleted


def _delete(item: MirrorItem, endpoints: Endpoints) -> None:
    store = endpoints.target_registry_store(item.target_repository)
    if store is not None:
        with endpoints.target_slot():
            store.delete_tag(item.tag)
        return
    name = endpoints.local_name(item.target_repository).with_tag(item.tag)
    remove_name(image=find_image(endpoints.mirror.team, name), user=None)
