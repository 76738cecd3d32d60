"""Names of local images: rows that are each written in one transaction."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from registry_ui.accounts.models import Team, User
from registry_ui.oci.digest import Digest
from registry_ui.oci.errors import Denied
from registry_ui.oci.image_facts import ImageFacts
from registry_ui.oci.reference import Reference
from registry_ui.registries.builtin_registry import (
    builtin_registry_host,
    check_builtin_name,
    is_builtin_registry,
)
from registry_ui.web.extension import Extension

from .models import ImmutableTagRule, LocalImage

_IMAGE_FIELDS = (
    "digest",
    "media_type",
    "image_id",
    "source_digest",
    "platforms",
    "manifests",
    "blobs",
    "size",
    "image_created_at",
)


@dataclass(frozen=True, slots=True)
class NameObserver:
    """The work of an app above for names of local images.

    Args:
        added: called for a new or moved name, in the transaction that writes it.
        removed: called for a deleted name, in the transaction that deletes it.
    """

    added: Callable[[LocalImage], None]
    removed: Callable[[LocalImage], None]


NAME_OBSERVERS: Extension[NameObserver] = Extension()


def assign_name(
    *,
    team: Team,
    user: User | None,
    name: Reference,
    facts: ImageFacts,
    source_digest: Digest,
    origin: str,
) -> LocalImage:
    """Point a name at an image; an existing name is moved.

    Raises:
        InvalidReference: the name belongs to another team's part of the built-in registry.
        Denied: the name is an immutable tag of the built-in registry.
    """
    values = {**facts.as_row(), "source_digest": str(source_digest), "origin": origin}
    with transaction.atomic():
        return _assign(team, user, name, values)


def copy_name(*, source: LocalImage, user: User | None, target: Reference) -> LocalImage | None:
    """Point another name at a name's image; return None if the first was removed.

    Both rows are read or changed in one transaction, so at any time one of them keeps the blobs
    from the garbage collector.

    Raises:
        InvalidReference, Denied: as `assign_name`.
    """
    with transaction.atomic():
        current = LocalImage.objects.select_for_update().filter(pk=source.pk).first()
        if current is None:
            return None

        # The digests are copied from the locked row, not from an older copy in memory.
        values = {name: getattr(current, name) for name in _IMAGE_FIELDS}
        return _assign(current.team, user, target, {**values, "origin": str(current.reference)})


def announce_name(image: LocalImage) -> None:
    """Tell the observers of a name that was added or moved; call it in the same transaction."""
    for observer in NAME_OBSERVERS:
        observer.added(image)


def delete_names(images: Iterable[LocalImage]) -> None:
    """Delete the rows of names; call it in a transaction that has checked the rights."""
    rows = list(images)
    LocalImage.objects.filter(pk__in=[image.pk for image in rows]).delete()
    for image in rows:
        for observer in NAME_OBSERVERS:
            observer.removed(image)


def is_immutable(image: LocalImage) -> bool:
    """Return whether a rule of the team makes this tag immutable."""
    if not image.tag or not is_builtin_registry(image.registry):
        return False

    # Patterns of rules leave out the team's namespace.
    repository = image.repository.partition("/")[2]
    return any(
        rule.covers(repository, image.tag)
        for rule in ImmutableTagRule.objects.filter(team=image.team_id)
    )


def tags_covered_only_by(rule: ImmutableTagRule) -> list[str]:
    """Return the tags that this rule makes immutable, and no other rule does."""
    # A tag stays immutable as long as one rule covers it.
    other_rules = list(ImmutableTagRule.objects.filter(team=rule.team_id).exclude(pk=rule.pk))
    images = (
        LocalImage.objects.filter(team=rule.team_id, registry=builtin_registry_host())
        .exclude(tag="")
        .order_by("repository", "tag")
    )
    tags = []

    for image in images.only("registry", "repository", "tag"):
        repository = image.repository.partition("/")[2]
        if rule.covers(repository, image.tag) and not any(
            other_rule.covers(repository, image.tag) for other_rule in other_rules
        ):
            tags.append(f"{image.repository}:{image.tag}")

    return tags


def refuse_immutable(image: LocalImage) -> None:
    """Refuse to change an immutable tag.

    Raises:
        Denied
    """
    if is_immutable(image):
        raise Denied("local_tag_immutable", name=image.reference.familiar)


def _assign(team: Team, user: User | None, name: Reference, values: dict[str, Any]) -> LocalImage:
    # On the built-in registry, a team may only use its own namespace.
    check_builtin_name(team, name)
    key: dict[str, Any] = {
        "team": team,
        "registry": name.registry,
        "repository": name.repository,
        "tag": name.tag or "",
    }
    if not name.tag:
        key["digest"] = values["digest"]

    values = {**values, "created_by": user}

    # Two pulls of one name wait for each other here; the later one wins.
    image, created = LocalImage.objects.select_for_update().get_or_create(**key, defaults=values)
    if created:
        announce_name(image)
        return image

    # Giving an immutable tag to the same image again changes nothing, so clients may push it
    # again.
    if image.digest != values["digest"]:
        refuse_immutable(image)

    previous = image.image_id
    for field, value in values.items():
        setattr(image, field, value)

    image.save(update_fields=[*values, "updated_at"])
    announce_name(image)

    # For a message to the person; it is not stored.
    image.previous_image_id = previous if previous != image.image_id else ""
    return image
