"""The images of a mirror as an archive for air-gapped networks."""

from collections.abc import Sequence
from dataclasses import dataclass

from registry_ui.images.models import LocalImage
from registry_ui.oci.errors import InvalidReference, ManifestUnknown, OciError
from registry_ui.oci.name_lists import is_digest_tag
from registry_ui.oci.reference import Reference

from ..models import State
from .models import ItemAction, ItemState, Mirror, MirrorItem, MirrorRun

_SELECTED_ACTIONS = (ItemAction.NEW, ItemAction.CHANGED, ItemAction.UP_TO_DATE)


def archive_run(mirror: Mirror) -> MirrorRun | None:
    """Return the run that an archive consists of.

    It is the latest successful one that pulled the whole selection to the local images.
    """
    runs = MirrorRun.objects.filter(
        mirror=mirror,
        is_plan=False,
        is_local_pull=not mirror.is_local,
        limited_to=[],
        based_on=None,
    )
    return (
        runs.filter(state=State.SUCCEEDED).select_related("mirror").order_by("-created_at").first()
    )


def archive_images(mirror: Mirror) -> Sequence[LocalImage]:
    """Return the local images of `archive_run`.

    Raises:
        InvalidReference: there is no such run, or it selected nothing.
        ManifestUnknown: a tag was removed since; or it names another image now, unless the
            mirror's target is the local images.
    """
    expected = _expected_digests(mirror)
    rows = (
        LocalImage.objects.filter(team=mirror.team, registry=mirror.source_registry.host)
        .exclude(tag="")
        .select_related("team")
    )
    images = {
        (row.repository, row.tag): row for row in rows if (row.repository, row.tag) in expected
    }

    # In a fixed order, so that the message names the same tag each time.
    for repository, tag in sorted(expected):
        row = images.get((repository, tag))
        name = Reference(mirror.source_registry.host, repository, tag).familiar
        if row is None:
            raise ManifestUnknown(
                "local_mirror_image_gone" if mirror.is_local else "mirror_image_gone", name=name
            )

        # A mirror to the local images may have updated the tag; any other change is foreign.
        if not mirror.is_local and row.digest != expected[repository, tag]:
            raise ManifestUnknown("mirror_image_changed", name=name)

    return [images[key] for key in sorted(images)]


def _expected_digests(mirror: Mirror) -> dict[tuple[str, str], str]:
    """Return (repository, tag) of the local images → the digest that was pulled."""
    # The items of the run record what was selected, even if the mirror changed since.
    run = archive_run(mirror)
    if run is None:
        raise InvalidReference(
            "mirror_not_run" if mirror.is_local else "mirror_not_brought", name=mirror.name
        )

    items = MirrorItem.objects.filter(run=run, action__in=_SELECTED_ACTIONS).exclude(
        state=ItemState.FAILED
    )
    expected = {(item.target_repository, item.tag): item.copied_digest for item in items}
    if not expected:
        raise InvalidReference("mirror_selects_nothing", name=mirror.name)

    return expected


@dataclass(frozen=True, slots=True)
class ArchiveStatus:
    """The state of a mirror's archive.

    Args:
        run: the run that the archive consists of.
        images: the images of the archive; empty where `error` says why there is none.
        unfinished: the latest pull to local images, if it did not succeed.
        active: an active run of any kind; no other can start meanwhile.
    """

    run: MirrorRun | None
    images: Sequence[LocalImage]
    error: OciError | None
    unfinished: MirrorRun | None
    active: MirrorRun | None

    @property
    def is_outdated(self) -> bool:
        """Return whether the mirror was changed after the pull."""
        return self.run is not None and self.run.mirror.updated_at > self.run.created_at


def archive_status(mirror: Mirror) -> ArchiveStatus:
    run = archive_run(mirror)

    # A failed or cancelled pull is shown beside the archive, which stays usable.
    latest = (
        MirrorRun.objects.finished()
        .filter(mirror=mirror, is_local_pull=True)
        .order_by("-created_at")
        .first()
    )
    images: Sequence[LocalImage] = ()
    error: OciError | None = None

    try:
        images = archive_images(mirror) if run else ()
    except OciError as exc:
        error = exc

    return ArchiveStatus(
        run=run,
        images=images,
        error=error,
        unfinished=latest if latest != run else None,
        active=MirrorRun.objects.active().filter(mirror=mirror, is_plan=False).first(),
    )


def latest_full_run(mirror: Mirror) -> MirrorRun | None:
    """Return the latest successful run or plan of the whole mirror."""
    return (
        MirrorRun.objects.filter(mirror=mirror, state=State.SUCCEEDED, limited_to=[], based_on=None)
        .order_by("-created_at")
        .first()
    )


def latest_comparison(mirror: Mirror) -> tuple[MirrorRun, int] | None:
    """Return the latest successful run or plan of the whole mirror, and its number of tags.

    Signatures do not count.
    """
    run = latest_full_run(mirror)
    if run is None:
        return None
    tags = MirrorItem.objects.filter(run=run, action__in=_SELECTED_ACTIONS).values_list(
        "tag", flat=True
    )
    return run, sum(":" not in tag and not is_digest_tag(tag) for tag in tags)
