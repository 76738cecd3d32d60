"""What a mirror into the local images has brought, to be taken to where no network reaches."""

from collections.abc import Sequence

from django.utils.translation import gettext as _

from registry_ui.images.models import LocalImage
from registry_ui.oci.errors import InvalidReference, ManifestUnknown
from registry_ui.oci.reference import Reference

from ..models import ItemAction, ItemState, Mirror, MirrorItem, MirrorRun, State

_KEPT = (ItemAction.NEW, ItemAction.CHANGED, ItemAction.SAME)


def images_of(mirror: Mirror) -> Sequence[LocalImage]:
    """The selection of its latest whole run that ended well, as it lies here.

    Raises:
        InvalidReference: it keeps its images on a registry, or no whole run has ended well, or that selected nothing.
        ManifestUnknown: a name was removed since.
    """
    if mirror.target_registry_id is not None:
        raise InvalidReference(
            _("The mirror “%(name)s” keeps its images on a registry, not here.") % {"name": mirror.name},
            advice=_("Give the same selection to a mirror into the local images, run it, and export that one."),
        )
    run = MirrorRun.objects.filter(mirror=mirror, is_plan=False, state=State.SUCCEEDED, only=[]).order_by("-created_at").first()
    items = MirrorItem.objects.filter(run=run, action__in=_KEPT).exclude(state=ItemState.FAILED)
    wanted = {(item.target_repository, item.tag) for item in items} if run else set()
    if not wanted:
        raise InvalidReference(
            _("No run of the mirror “%(name)s” has brought images yet.") % {"name": mirror.name},
            advice=_("Run it first: mirror run “%(name)s”.") % {"name": mirror.name},
        )
    rows = LocalImage.objects.filter(team=mirror.team, registry=mirror.source_registry.host).exclude(tag="").select_related("team")
    found = {(row.repository, row.tag): row for row in rows if (row.repository, row.tag) in wanted}
    for repository, tag in sorted(wanted - found.keys()):
        name = Reference(mirror.source_registry.host, repository, tag).familiar
        raise ManifestUnknown(
            _("%(name)s is not here any more.") % {"name": name}, advice=_("Run the mirror again: it brings what is missing.")
        )
    return [found[key] for key in sorted(found)]
