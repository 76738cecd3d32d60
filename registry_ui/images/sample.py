"""The sample image in the store of the first team, under names on this server. It is removed as any image is."""

import io
import logging

from registry_ui.accounts.models import Team, User
from registry_ui.oci.digest import Digest
from registry_ui.oci.errors import OciError
from registry_ui.oci.reference import Reference
from registry_ui.oci.sample import REPOSITORY, SampleImage, sample_images
from registry_ui.oci.store import OpenSource
from registry_ui.registries.this_server import own_prefix

from .services import name_image
from .store import LocalStore

logger = logging.getLogger(__name__)


def lay_sample(team: Team, user: User | None) -> None:
    """Make the sample and give it its names. Whatever goes wrong is logged: the installation is of use without it."""
    try:
        for sample in sample_images():
            _lay(team, user, sample)
    except OciError as exc:
        logger.warning("The sample image could not be stored: %s", exc.message)


def _lay(team: Team, user: User | None, sample: SampleImage) -> None:
    name = Reference.parse(f"{own_prefix(team)}{REPOSITORY}:{sample.tag}")
    store = LocalStore(team, Reference(name.registry, name.repository), user=user)
    for descriptor, content in sample.blobs.items():
        store.write_blob(descriptor, _source(content))
    for manifest in (*sample.children, sample.index):
        store.put_manifest(manifest, manifest.digest)
    digest: Digest = sample.index.digest
    name_image(team=team, user=user, name=name, digest=digest, source_digest=digest, origin="")


def _source(content: bytes) -> OpenSource:
    return lambda offset: io.BytesIO(content[offset:])
