import pytest

from registry_ui.oci.errors import PlatformMissing
from tests.parts import archives
from tests.parts.image_copies import export_archive, read_archive
from tests.parts.images import build_index


def test_one_platform_of_an_index_is_that_image_itself(open_archive):
    built = build_index(platforms=["linux/amd64", "linux/arm64"], attestation=True, layer_size=1000)
    store = open_archive(archives.layout(built))
    (image,) = open_archive(read_archive(export_archive(store, ("linux/arm64",)), store)).images
    assert str(image.digest) == built.children[1].digest


def test_some_platforms_of_an_index_become_an_index_of_their_own(open_archive):
    built = build_index(
        platforms=["linux/amd64", "linux/arm64", "linux/s390x"], attestation=True, layer_size=1000
    )
    store = open_archive(archives.layout(built))
    again = open_archive(read_archive(export_archive(store, ("linux/amd64", "linux/s390x")), store))
    (image,) = again.images
    children = {str(child.digest) for child in again.get_manifest(image.digest).children}
    assert image.platforms == ("linux/amd64", "linux/s390x")
    assert str(image.digest) != built.digest
    # Each image with what is attested of it.
    assert children == {built.children[number].digest for number in (0, 2, 3, 5)}


def test_a_platform_that_an_image_lacks_is_named(open_archive):
    store = open_archive(archives.layout(archives.GOOD))
    with pytest.raises(PlatformMissing, match=r"^platform_missing wanted=linux/s390x "):
        export_archive(store, ("linux/s390x",))
