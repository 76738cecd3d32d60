from tests.parts import archives
from tests.parts.images import build_index


def test_an_oci_layout_is_read_with_its_names_and_digests(open_archive):
    store = open_archive(archives.layout(archives.GOOD))
    store.verify()
    (image,) = store.images
    assert (str(image.digest), str(image.image_id)) == (archives.GOOD.digest, archives.GOOD.config)
    assert ([str(name) for name in image.names], image.platforms, image.is_rebuilt) == (
        [archives.NAME],
        ("linux/amd64",),
        False,
    )


def test_an_index_of_several_platforms_keeps_its_digest(open_archive):
    built = build_index(
        platforms=["linux/amd64", "linux/arm64/v8"], attestation=True, layer_size=1000
    )
    (image,) = open_archive(archives.layout(built)).images
    assert (str(image.digest), image.platforms) == (built.digest, ("linux/amd64", "linux/arm64/v8"))


def test_an_index_of_which_only_a_part_was_saved_becomes_that_part(open_archive):
    built = build_index(platforms=["linux/amd64", "linux/arm64"], layer_size=1000)
    lacking = [
        f"blobs/{digest.replace(':', '/')}"
        for digest in (built.children[1].digest, *built.children[1].blobs)
    ]
    members = [
        member
        for member in archives.layout_members([(built, archives.NAME)])
        if member[0].name not in lacking
    ]
    (image,) = open_archive(archives.tar(*members)).images
    assert (str(image.digest), image.platforms, image.is_rebuilt) == (
        built.children[0].digest,
        ("linux/amd64",),
        True,
    )


def test_a_tag_alone_is_no_name(open_archive):
    (image,) = open_archive(archives.layout(archives.GOOD, "1.0")).images
    assert (image.names, image.tag) == ((), "1.0")
