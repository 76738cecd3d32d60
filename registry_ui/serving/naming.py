"""What follows when an image gets or loses a name on this server, however that comes about."""

import logging
from functools import partial
from typing import Any

from django.db import transaction

from registry_ui.accounts.models import Team
from registry_ui.images.models import LocalImage
from registry_ui.oci.errors import OciError
from registry_ui.oci.reference import Reference
from registry_ui.registries.indexing.counting import count_repository
from registry_ui.registries.indexing.opening import look_again
from registry_ui.registries.indexing.scheduling import keep_fresh
from registry_ui.registries.indexing.services import forget_tag
from registry_ui.registries.models import Repository
from registry_ui.registries.services import registry_for
from registry_ui.registries.this_server import is_here

from .holdings import hold_name

logger = logging.getLogger(__name__)


def name_given(instance: LocalImage, raw: bool = False, **_kwargs: Any) -> None:
    """Receiver of `post_save`: its repository holds the image, and its pages show it."""
    if raw or not is_here(instance.registry):
        return
    hold_name(instance)
    if instance.tag:
        transaction.on_commit(partial(_look_at, instance.team, instance.reference))


def name_taken(instance: LocalImage, **_kwargs: Any) -> None:
    """Receiver of `post_delete`."""
    if is_here(instance.registry) and instance.tag:
        transaction.on_commit(partial(_forget, instance.team, instance.reference))


def _look_at(team: Team, reference: Reference) -> None:
    """Take the name into the index. Whatever goes wrong is mended by the index's next look, and undoes nothing here."""
    registry = registry_for(team, reference.registry)
    if registry is None:
        return
    try:
        found = look_again(
            registry=registry, repository=reference.repository, identifier=reference.tag or ""
        )
        Repository.objects.filter(pk=found.repository.pk).update(is_listed=True)
        count_repository(found.repository)
        keep_fresh(registry)
    except OciError as exc:
        logger.info("%s could not be taken into the index: %s", reference, exc.message)
    except Exception:
        logger.exception("%s could not be taken into the index.", reference)


def _forget(team: Team, reference: Reference) -> None:
    try:
        forget_tag(team=team, reference=reference)
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
