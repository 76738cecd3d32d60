"""A tag alone, or a digest with all of its tags, taken off a registry: only if it still is what the person saw."""

import logging

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from registry_ui.oci.deletion import is_placeholder
from registry_ui.oci.digest import Digest
from registry_ui.oci.errors import OciError
from registry_ui.oci.manifest import Descriptor
from registry_ui.oci.reference import Reference
from registry_ui.oci.registry_store import RegistryStore
from registry_ui.registries.indexing.services import forget_tag
from registry_ui.registries.models import Tag

from ..models import Transfer
from .run import Run

logger = logging.getLogger(__name__)

_NAMES_SHOWN = 5


class Changed(OciError):
    """What was to be deleted is not what the person saw any more. Nothing was deleted."""


def delete(run: Run) -> Descriptor | None:
    with run.target_client() as client:
        store = client.store(run.target.repository, push=True)
        return (
            _delete_image(run, store, run.target.digest)
            if run.target.digest
            else _delete_tag(run, store, run.target.identifier)
        )


def _delete_tag(run: Run, store: RegistryStore, tag: str) -> Descriptor | None:
    run.progress.enter("resolving")
    run.steps.begin("check")
    found = store.head_manifest(tag)
    if found is None:
        _was_gone(run)
        return None
    seen = Digest.parse(run.transfer.options.get("digest") or str(found.digest))
    if found.digest != seen and not is_placeholder(store, found):
        raise Changed(
            _("%(tag)s names %(now)s by now, and not %(seen)s any more. Nothing was deleted.")
            % {"tag": tag, "now": found.digest.short, "seen": seen.short},
            advice=_("Somebody pushed it anew. Look at it again, then decide again."),
        )
    run.steps.complete("check", _("%(tag)s names %(digest)s") % {"tag": tag, "digest": seen.short})
    _begin_deleting(run)
    way = store.delete_tag(tag)
    run.steps.complete("delete", _way_words(way))
    _forget(run.transfer)
    # What an earlier try left under the tag is not what it stood for.
    return found if found.digest == seen else None


def _delete_image(run: Run, store: RegistryStore, digest: Digest) -> Descriptor | None:
    run.progress.enter("resolving")
    run.steps.begin("check")
    tags = _indexed_tags(run.transfer, run.target)
    _check_tags(run.transfer, tags)
    found = store.head_manifest(digest)
    if found is None:
        _was_gone(run)
        return None
    run.steps.complete("check", _tags_words(tags))
    _begin_deleting(run)
    store.delete_manifest(digest)
    run.steps.complete("delete", _("The image is gone, with every tag that named it."))
    _forget(run.transfer)
    return found


def _begin_deleting(run: Run) -> None:
    run.cancellation.check()
    run.progress.enter("deleting")
    run.steps.begin("delete")


def _was_gone(run: Run) -> None:
    """A second try after a worker died finds its work done."""
    run.steps.complete("check", _("It is not there any more"))
    run.steps.complete("delete", _("Nothing was left to delete"))
    _forget(run.transfer)


def _indexed_tags(transfer: Transfer, reference: Reference) -> list[str]:
    """Every tag that is known to name the digest."""
    tags = Tag.objects.filter(
        repository__registry=transfer.target_registry, repository__name=reference.repository
    )
    return list(
        tags.filter(digest=str(reference.digest))
        .order_by("order_key")
        .values_list("name", flat=True)
    )


def _check_tags(transfer: Transfer, tags: list[str]) -> None:
    """
    Raises:
        Changed: one more tag names the image since the person agreed to lose those that did.
    """
    seen = transfer.options.get("tags")
    added = [] if seen is None else [tag for tag in tags if tag not in set(seen)]
    if added:
        raise Changed(
            ngettext(
                "%(tags)s names this image too by now. Nothing was deleted.",
                "%(tags)s name this image too by now. Nothing was deleted.",
                len(added),
            )
            % {"tags": ", ".join(added[:_NAMES_SHOWN])},
            advice=_("Look at what would be lost, then decide again."),
        )


def _forget(transfer: Transfer) -> None:
    """The index learns of it at once. Whatever goes wrong there is mended by its next look, and undoes nothing here."""
    try:
        forget_tag(team=transfer.team, reference=Reference.parse(transfer.target))
    except Exception:
        logger.exception("Transfer %s: the index could not forget what was deleted.", transfer.pk)


def _way_words(way: str) -> str:
    if way == "placeholder":
        return _(
            "This registry deletes no tag alone: the tag was moved to an empty placeholder first, and that was deleted."
        )
    return _("The registry deleted the tag alone.")


def _tags_words(tags: list[str]) -> str:
    if not tags:
        return _("No tag is known to name it")
    return ngettext("%(count)d tag names it", "%(count)d tags name it", len(tags)) % {
        "count": len(tags)
    }
