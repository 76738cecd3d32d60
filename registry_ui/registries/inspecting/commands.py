"""Command lines with which other tools get an artifact from its registry, by tag and by digest."""

from registry_ui.oci.digest import Digest
from registry_ui.oci.reference import Reference

CommandBox = tuple[str, list[str]]


def commands_for(
    reference: Reference, digest: Digest, *, is_image: bool = True
) -> list[CommandBox]:
    """
    Args:
        reference: where it has no tag, only the digest's lines are written.
        is_image: docker and podman take nothing else.
    """
    pinned = reference.with_digest(digest)
    references = [reference.with_tag(reference.tag), pinned] if reference.tag else [pinned]
    if not is_image:
        return [
            ("oras", [f"oras pull {each}" for each in references]),
            ("skopeo", [f"skopeo inspect --raw docker://{each}" for each in references]),
            ("crane", [f"crane manifest {each}" for each in references]),
        ]
    return [
        ("docker", [f"docker pull {each.familiar}" for each in references]),
        ("podman", [f"podman pull {each}" for each in references]),
        ("skopeo", [f"skopeo inspect docker://{each}" for each in references]),
        ("crane", [f"crane pull {each} {_file_name(reference)}" for each in references]),
    ]


def _file_name(reference: Reference) -> str:
    name = reference.repository.rpartition("/")[2]
    return f"{name}-{reference.tag}.tar" if reference.tag else f"{name}.tar"
