"""The links and the index of the built-in registry, updated when names of images change."""

import logging
from functools import partial

from django.db import transaction

from registry_ui.accounts.models import Team
from registry_ui.catalog.indexing.artifact_lookup import fetch_artifact
from registry_ui.catalog.indexing.index_services import unindex_tag
from registry_ui.catalog.indexing.sizes import count_repository
from registry_ui.catalog.models import Repository
from registry_ui.credentials.services import find_registry
from registry_ui.images.models import LocalImage
from registry_ui.images.names import NameObserver
from registry_ui.oci.errors import OciError
from registry_ui.oci.reference import Reference
from registry_ui.registries.builtin_registry import is_builtin_registry
from registry_ui.registries.index_schedule import ensure_scheduled

from .links import link_image

logger = logging.getLogger(__name__)


def on_name_added(image: LocalImage) -> None:
    """Link the repository to a new name's image, and index the tag."""
    if not is_builtin_registry(image.registry):
        return

    # The link is part of the row's transaction; the index reads the store, so it waits for the
    # commit.
    link_image(image)
    if image.tag:
        transaction.on_commit(partial(_index_tag, image.team, image.reference))


def on_name_removed(image: LocalImage) -> None:
    """Remove a deleted tag from the index."""
    if is_builtin_registry(image.registry) and image.tag:
        transaction.on_commit(partial(_remove_from_index, image.team, image.reference))


def _index_tag(team: Team, reference: Reference) -> None:
    """Index a tag. An error is logged and undoes nothing: the next index run repairs it."""
    registry = find_registry(team, reference.registry)
    if registry is None:
        return

    try:
        artifact = fetch_artifact(
            registry=registry, repository=reference.repository, identifier=reference.tag or ""
        )

        # A repository that the index knew by name only becomes a listed one.
        Repository.objects.filter(pk=artifact.repository.pk).update(is_listed=True)
        count_repository(artifact.repository)
        ensure_scheduled(registry)
    except OciError as exc:
        logger.info("%s could not be taken into the index: %s", reference, exc)
    except Exception:
        logger.exception("%s could not be taken into the index.", reference)


def _remove_from_index(team: Team, reference: Reference) -> None:
    try:
        unindex_tag(team=team, reference=reference)

        # A repository without tags disappears from the catalog.
        if (
            not LocalImage.objects.filter(
                team=team, registry=reference.registry, repository=reference.repository
            )
            .exclude(tag="")
            .exists()
        ):
            Repository.objects.filter(
                registry__team=team, registry__host=reference.registry, name=reference.repository
            ).delete()
    except Exception:
        logger.exception("The index could not forget %s.", reference)


NAME_OBSERVER = NameObserver(added=on_name_added, removed=on_name_removed)
