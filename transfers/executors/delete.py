"""The executor of a deletion: of a tag alone, or of a digest with all of its tags.

It deletes only what the user saw: a tag that has moved since stays.
"""

import logging

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from registry_ui.catalog.indexing.index_services import unindex_tag
from registry_ui.catalog.models import Tag
from registry_ui.oci.digest import Digest
from registry_ui.oci.errors import OciError
from registry_ui.oci.manifest import Descriptor
from registry_ui.oci.reference import Reference
from registry_ui.oci.registry_store import RegistryStore
from registry_ui.oci.tag_deletion import is_placeholder

from ..models import Transfer
from .transfer_run import TransferRun

logger = logging.getLogger(__name__)

_NAMES_SHOWN = 5


class TagChanged(OciError):
    """The target of a deletion has changed since the user saw it, and nothing was deleted."""


def delete(run: TransferRun) -> Descriptor | None:
    with run.target_client() as client:
        # Registries ask for the scope of a push, and a placeholder is pushed in any case.
        store = client.store(run.target.repository, push=True)
        if run.target.digest:
            return _delete_image(run, store, run.target.digest)
        return _delete_tag(run, store, run.target.identifier)


def _delete_tag(run: TransferRun, store: RegistryStore, tag: str) -> Descriptor | None:
    run.progress.enter("resolving")
    run.steps.begin("check")
    current = store.head_manifest(tag)
    if current is None:
        _complete_without_target(run)
        return None

    expected = Digest.parse(run.transfer.options.get("digest") or str(current.digest))
    # A placeholder is what an interrupted attempt of this deletion left under the tag.
    if current.digest != expected and not is_placeholder(store, current):
        raise TagChanged("tag_changed", tag=tag, now_digest=current.digest, seen_digest=expected)
    run.steps.complete(
        "check", _("%(tag)s names %(digest)s") % {"tag": tag, "digest": expected.short}
    )

    _begin_deleting(run)
    method = store.delete_tag(tag)
    run.steps.complete("delete", _method_detail(method))
    _remove_from_index(run.transfer)
    # The placeholder's digest is not the one that the tag had.
    return current if current.digest == expected else None


def _delete_image(run: TransferRun, store: RegistryStore, digest: Digest) -> Descriptor | None:
    run.progress.enter("resolving")
    run.steps.begin("check")
    tags = _indexed_tags(run.transfer, run.target)
    _check_tags(run.transfer, tags)
    manifest = store.head_manifest(digest)
    if manifest is None:
        _complete_without_target(run)
        return None
    run.steps.complete("check", _tag_count_detail(tags))

    # Registries remove the tags of a deleted manifest (distribution spec, "Deleting manifests").
    _begin_deleting(run)
    store.delete_manifest(digest)
    run.steps.complete("delete", _("The image is gone, with every tag that named it."))
    _remove_from_index(run.transfer)
    return manifest


def _begin_deleting(run: TransferRun) -> None:
    # The last chance to cancel: nothing undoes a deletion.
    run.cancellation.check()
    run.progress.enter("deleting")
    run.steps.begin("delete")


def _complete_without_target(run: TransferRun) -> None:
    """Complete the steps of a deletion that finds nothing, such as after a worker's death."""
    run.steps.complete("check", _("It is not there any more"))
    run.steps.complete("delete", _("Nothing was left to delete"))
    _remove_from_index(run.transfer)


def _indexed_tags(transfer: Transfer, reference: Reference) -> list[str]:
    """Return every tag of the digest that the index knows."""
    tags = Tag.objects.filter(
        repository__registry=transfer.target_registry,
        repository__name=reference.repository,
        digest=str(reference.digest),
    )
    return list(tags.order_by("order_key").values_list("name", flat=True))


def _check_tags(transfer: Transfer, tags: list[str]) -> None:
    """Check that the image has no tag that the user did not confirm.

    Raises:
        TagChanged: it has.
    """
    # The digest itself cannot change; a push since then can have pointed one more tag at it.
    confirmed = transfer.options.get("tags")
    added = [] if confirmed is None else [tag for tag in tags if tag not in set(confirmed)]
    if added:
        raise TagChanged(
            "tag_added" if len(added) == 1 else "tags_added", tags=added[:_NAMES_SHOWN]
        )


def _remove_from_index(transfer: Transfer) -> None:
    # An error here must not fail the deletion, which is done; the next index run repairs the index.
    try:
        unindex_tag(team=transfer.team, reference=Reference.parse(transfer.target))
    except Exception:
        logger.exception("Transfer %s: the index could not forget what was deleted.", transfer.pk)


def _method_detail(method: str) -> str:
    # A registry may refuse to delete a tag without its manifest (spec, "Deleting tags").
    if method == "placeholder":
        return _(
            "This registry deletes no tag alone: the tag was moved to an empty placeholder first, "
            "and that was deleted."
        )
    return _("The registry deleted the tag alone.")


def _tag_count_detail(tags: list[str]) -> str:
    if not tags:
        return _("No tag is known to name it")
    return ngettext("%(count)d tag names it", "%(count)d tags name it", len(tags)) % {
        "count": len(tags)
    }
