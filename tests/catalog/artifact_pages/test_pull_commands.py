from registry_ui.catalog.artifact_pages.pull_commands import commands_for
from registry_ui.oci.digest import Digest
from registry_ui.oci.reference import Reference
from tests.parts.index_rows import digest_of

DIGEST = Digest.parse(digest_of("x"))


def test_each_tool_has_commands_by_tag_and_by_digest():
    boxes = dict(commands_for(Reference.parse("nginx:1.27"), DIGEST))

    assert boxes["docker"] == ["docker pull nginx:1.27", f"docker pull nginx@{DIGEST}"]
    assert boxes["podman"][0] == "podman pull docker.io/library/nginx:1.27"
    assert boxes["skopeo"][1] == f"skopeo inspect docker://docker.io/library/nginx@{DIGEST}"
    assert boxes["crane"][0] == "crane pull docker.io/library/nginx:1.27 nginx-1.27.tar"


def test_without_a_tag_only_the_digest_is_used():
    boxes = dict(commands_for(Reference.parse(f"ghcr.io/x/y@{DIGEST}"), DIGEST))

    assert boxes["docker"] == [f"docker pull ghcr.io/x/y@{DIGEST}"]


def test_other_artifacts_have_commands_of_other_tools():
    boxes = dict(commands_for(Reference.parse("ghcr.io/x/chart:1"), DIGEST, is_image=False))

    assert list(boxes) == ["oras", "skopeo", "crane"]
    assert boxes["oras"][0] == "oras pull ghcr.io/x/chart:1"
