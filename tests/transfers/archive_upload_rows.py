"""Rows of inspected archives, without their files."""

import hashlib

from registry_ui.images.models import ArchiveUpload


def digest_of(text):
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def inspected_row(team, *names):
    """Return an upload with one image for each list of names."""
    images = [
        {
            "digest": digest_of(f"image {number}"),
            "image_id": digest_of(f"config {number}"),
            "names": list(own),
            "tag": "",
            "platforms": ["linux/amd64"],
            "size": 10,
            "is_rebuilt": False,
        }
        for number, own in enumerate(names)
    ]
    return ArchiveUpload.objects.create(team=team, name="images.tar", size=10, images=images)
