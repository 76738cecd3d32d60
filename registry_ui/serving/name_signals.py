"""Signal receivers that link and index images of the built-in registry."""

import logging
from functools import partial
from typing import Any

from django.db import transaction

from registry_ui.accounts.models import Team
from registry_ui.catalog.indexing.artifact_lookup import fetch_artifact
from registry_ui.catalog.indexing.index_services import unindex_tag
from registry_ui.catalog.indexing.sizes import count_repository
from registry_ui.catalog.models import Repository
from registry_ui.credentials.services import find_registry
from registry_ui.images.models import LocalImage
from registry_ui.oci.errors import OciError
from registry_ui.oci.reference import Reference
from registry_ui.registries.builtin_registry import is_builtin_registry
from registry_ui.registries.index_schedule import ensure_scheduled

from .links import link_image

logger = logging.getLogger(__name__)


def on_name_added(instance: LocalImage, raw: bool = False, **_kwargs: Any) -> None:
    """Link the repository to a new name's image, and index the tag (`post_save`)."""
    # Fixtures (raw) may come before the rows that they refer to.
    if raw or not is_builtin_registry(instance.registry):
        return

    # The link is part of the row's transaction; the index reads the store, so it waits for the
    # commit.
    link_image(instance)
    if instance.tag:
        transaction.on_commit(partial(_index_tag, instance.team, instance.reference))


def on_name_removed(instance: LocalImage, **_kwargs: Any) -> None:
    """Remove a deleted tag from the index (`post_delete`)."""
    if is_builtin_registry(instance.registry) and instance.tag:
        transaction.on_commit(partial(_remove_from_index, instance.team, instance.reference))


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
        logger.info("%s could not be taken into the index: %s", reference, exc.message)
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
