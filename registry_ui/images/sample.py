"""The sample image, with names on the built-in registry. It is removed like any image."""

import io
import logging

from registry_ui.accounts.models import Team, User
from registry_ui.oci.digest import Digest
from registry_ui.oci.errors import OciError
from registry_ui.oci.reference import Reference
from registry_ui.oci.sample_image import REPOSITORY, SampleImage, sample_images
from registry_ui.oci.store import OpenSource
from registry_ui.registries.builtin_registry import builtin_registry_prefix

from .services import name_image
from .store import LocalStore

logger = logging.getLogger(__name__)


def install_sample_image(team: Team, user: User | None) -> None:
    """Store the sample image and its names for a team.

    An error is logged only: the installation works without the sample.
    """
    try:
        for sample in sample_images():
            _install(team, user, sample)
    except OciError as exc:
        logger.warning("The sample image could not be stored: %s", exc)


def _install(team: Team, user: User | None, sample: SampleImage) -> None:
    name = Reference.parse(f"{builtin_registry_prefix(team)}{REPOSITORY}:{sample.tag}")
    store = LocalStore(team, Reference(name.registry, name.repository), user=user)

    # The order of a push: blobs, manifests, index.
    for descriptor, content in sample.blobs.items():
        store.write_blob(descriptor, _open_bytes(content))
    for manifest in (*sample.children, sample.index):
        store.put_manifest(manifest, manifest.digest)
    digest: Digest = sample.index.digest
    name_image(team=team, user=user, name=name, digest=digest, source_digest=digest, origin="")


def _open_bytes(content: bytes) -> OpenSource:
    return lambda offset: io.BytesIO(content[offset:])
