import gzip
import tarfile

from registry_ui.oci.digest import Digest
from tests.parts import archives
from tests.parts.images import digest_of


def test_a_docker_archive_keeps_the_image_id_and_always_gets_the_same_digest(open_archive):
    content = archives.tar(*archives.docker_members(archives.GOOD, "app:1.0", "example.com/app:2"))
    first, second = open_archive(content), open_archive(gzip.compress(content))
    first.verify()
    (image,) = first.images
    assert (str(image.image_id), image.is_rebuilt) == (archives.GOOD.config, True)
    assert [name.familiar for name in image.names] == ["app:1.0", "example.com/app:2"]
    assert image.digest == second.images[0].digest
    assert [layer.digest for layer in first.get_manifest(image.digest).layers] == [
        Digest.parse(digest_of(gzip.decompress(archives.GOOD.blobs[layer])))
        for layer in archives.GOOD.layers
    ]


def test_a_layer_that_docker_saves_as_a_link_to_another_images_is_read(open_archive):
    members = archives.docker_members(archives.GOOD, "app:1.0")
    path = next(info.name for info, _content in members if info.name.endswith("layer.tar"))
    alias = f"{'e' * 64}/layer.tar"
    moved = [
        (
            archives.entry(info.name, content.replace(path.encode(), alias.encode()))
            if info.name == "manifest.json"
            else (info, content)
        )
        for info, content in members
    ]
    store = open_archive(
        archives.tar(archives.entry(alias, type=tarfile.SYMTYPE, linkname=f"../{path}"), *moved)
    )
    store.verify()
    assert str(store.images[0].image_id) == archives.GOOD.config


def test_compressed_layers_in_a_docker_archive_stay_unchanged(open_archive):
    members = [
        (
            archives.entry(info.name, gzip.compress(content, mtime=0))
            if info.name.endswith("layer.tar")
            else (info, content)
        )
        for info, content in archives.docker_members(archives.GOOD, "app:1.0")
    ]
    store = open_archive(archives.tar(*members))
    store.verify()
    layers = store.get_manifest(store.images[0].digest).layers
    assert {layer.media_type for layer in layers} == {"application/vnd.oci.image.layer.v1.tar+gzip"}
