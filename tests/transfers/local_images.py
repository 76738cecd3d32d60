"""Rows of local images without bytes, for services that only read rows."""

import hashlib

from registry_ui.images.models import LocalImage
from registry_ui.oci.reference import Reference


def local_image(team, name, *, blobs=(), digest=""):
    reference = Reference.parse(name)
    digest = digest or f"sha256:{hashlib.sha256(name.encode()).hexdigest()}"
    return LocalImage.objects.create(
        team=team,
        registry=reference.registry,
        repository=reference.repository,
        tag=reference.tag or "",
        digest=digest,
        image_id=digest,
        size=1,
        blobs=[{"digest": blob, "size": 1} for blob in blobs],
    )
