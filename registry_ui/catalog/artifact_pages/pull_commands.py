"""Commands of other tools that fetch an artifact, by tag and by digest."""

from registry_ui.oci.digest import Digest
from registry_ui.oci.reference import Reference

CommandBox = tuple[str, list[str]]


def commands_for(
    reference: Reference, digest: Digest, *, is_image: bool = True
) -> list[CommandBox]:
    """Return the commands of each tool.

    Args:
        reference: without a tag, only commands with the digest are returned.
        is_image: False for another artifact, which docker and podman cannot pull.
    """
    # Without the tag: with both, the digest wins (PROTOCOL.md, "Names").
    pinned = reference.with_digest(digest)
    references = [reference.with_tag(reference.tag), pinned] if reference.tag else [pinned]
    if not is_image:
        return [
            ("oras", [f"oras pull {image}" for image in references]),
            ("skopeo", [f"skopeo inspect --raw docker://{image}" for image in references]),
            ("crane", [f"crane manifest {image}" for image in references]),
        ]
    return [
        # docker adds its default registry and `library/`, so the familiar form is enough; the other
        # tools need the full one.
        ("docker", [f"docker pull {image.familiar}" for image in references]),
        ("podman", [f"podman pull {image}" for image in references]),
        ("skopeo", [f"skopeo inspect docker://{image}" for image in references]),
        ("crane", [f"crane pull {image} {_file_name(reference)}" for image in references]),
    ]


def _file_name(reference: Reference) -> str:
    name = reference.repository.rpartition("/")[2]
    return f"{name}-{reference.tag}.tar" if reference.tag else f"{name}.tar"
