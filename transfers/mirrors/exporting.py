"""What a rule has brought into the local images, to be taken to where no network reaches."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from registry_ui.images.models import LocalImage
from registry_ui.oci.errors import InvalidReference, ManifestUnknown, OciError
from registry_ui.oci.listing import is_digest_tag
from registry_ui.oci.reference import Reference

from ..models import ItemAction, ItemState, Mirror, MirrorItem, MirrorRun, State

_KEPT = (ItemAction.NEW, ItemAction.CHANGED, ItemAction.SAME)


def latest_brought(mirror: Mirror) -> MirrorRun | None:
    """The run whose tags are the archive: the latest that brought all of the selection here, and ended well."""
    whole = MirrorRun.objects.filter(
        mirror=mirror, is_plan=False, is_staging=not mirror.is_local, only=[], based_on=None
    )
    return (
        whole.filter(state=State.SUCCEEDED).select_related("mirror").order_by("-created_at").first()
    )


def images_of(mirror: Mirror) -> Sequence[LocalImage]:
    """The selection as `latest_brought` brought it, and as it lies here.

    Raises:
        InvalidReference: nothing was brought yet, or it selected nothing.
        ManifestUnknown: a name was removed since; or, where the rule does not keep it here, moved to something else.
    """
    wanted = _wanted(mirror)
    rows = (
        LocalImage.objects.filter(team=mirror.team, registry=mirror.source_registry.host)
        .exclude(tag="")
        .select_related("team")
    )
    found = {(row.repository, row.tag): row for row in rows if (row.repository, row.tag) in wanted}
    for repository, tag in sorted(wanted):
        row = found.get((repository, tag))
        name = Reference(mirror.source_registry.host, repository, tag).familiar
        if row is None:
            raise ManifestUnknown(
                _("%(name)s is not here any more.") % {"name": name}, advice=_again(mirror)
            )
        if not mirror.is_local and row.digest != wanted[repository, tag]:
            raise ManifestUnknown(
                _("%(name)s is another image here by now.") % {"name": name}, advice=_again(mirror)
            )
    return [found[key] for key in sorted(found)]


def _wanted(mirror: Mirror) -> dict[tuple[str, str], str]:
    """Repository and tag here → the digest that was brought."""
    run = latest_brought(mirror)
    if run is None:
        raise InvalidReference(_not_brought(mirror), advice=_first(mirror))
    items = MirrorItem.objects.filter(run=run, action__in=_KEPT).exclude(state=ItemState.FAILED)
    wanted = {(item.target_repository, item.tag): item.copied_digest for item in items}
    if not wanted:
        raise InvalidReference(
            _("The mirror “%(name)s” selects nothing.") % {"name": mirror.name},
            advice=_("Check its repositories and tags."),
        )
    return wanted


def _not_brought(mirror: Mirror) -> str:
    if mirror.is_local:
        return _("No run of the mirror “%(name)s” has brought images yet.") % {"name": mirror.name}
    return _("The images of the mirror “%(name)s” have not been brought here yet.") % {
        "name": mirror.name
    }


def _first(mirror: Mirror) -> str:
    if mirror.is_local:
        return _("Run it first: mirror run “%(name)s”.") % {"name": mirror.name}
    return _("Bring them here first.")


def _again(mirror: Mirror) -> str:
    if mirror.is_local:
        return _("Run the mirror again: it brings what is missing.")
    return _("Bring the images again: only what is missing is moved.")


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a rule between registries is on its way to an archive.

    Args:
        images: what the archive would hold; none where `trouble` says why there is none.
        unfinished: the latest time that they were to be brought, where that came to nothing since.
        active: what is at work for the rule, of whichever sort: nothing else can be begun meanwhile.
    """

    brought: MirrorRun | None
    images: Sequence[LocalImage]
    trouble: OciError | None
    unfinished: MirrorRun | None
    active: MirrorRun | None

    @property
    def is_outdated(self) -> bool:
        """Whether the rule was another one when they were brought."""
        return self.brought is not None and self.brought.mirror.changed_at > self.brought.created_at


def standing_of(mirror: Mirror) -> Standing:
    brought = latest_brought(mirror)
    latest = (
        MirrorRun.objects.finished()
        .filter(mirror=mirror, is_staging=True)
        .order_by("-created_at")
        .first()
    )
    images: Sequence[LocalImage] = ()
    trouble: OciError | None = None
    try:
        images = images_of(mirror) if brought else ()
    except OciError as exc:
        trouble = exc
    return Standing(
        brought=brought,
        images=images,
        trouble=trouble,
        unfinished=latest if latest != brought else None,
        active=MirrorRun.objects.active().filter(mirror=mirror, is_plan=False).first(),
    )


def latest_whole(mirror: Mirror) -> MirrorRun | None:
    """The latest run or plan of all of the rule that ended well."""
    return (
        MirrorRun.objects.filter(mirror=mirror, state=State.SUCCEEDED, only=[], based_on=None)
        .order_by("-created_at")
        .first()
    )


def latest_look(mirror: Mirror) -> tuple[MirrorRun, int] | None:
    """The latest run or plan that looked at all of the rule, and how many tags it selected; signatures do not count."""
    run = latest_whole(mirror)
    if run is None:
        return None
    tags = MirrorItem.objects.filter(run=run, action__in=_KEPT).values_list("tag", flat=True)
    return run, sum(":" not in tag and not is_digest_tag(tag) for tag in tags)
