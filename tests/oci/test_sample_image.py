import gzip
import io
import tarfile

from registry_ui.oci.sample_image import sample_images


def test_the_sample_has_the_same_bytes_on_every_machine():
    assert {sample.tag: str(sample.index.digest)[:19] for sample in sample_images()} == {
        "1.0": "sha256:0fd33fb39db2",
        "1.0-slim": "sha256:0d3e675d3212",
        "1.1": "sha256:bea3bdab7cd1",
        "1.1-slim": "sha256:b00a6d5342c1",
        "latest": "sha256:bea3bdab7cd1",
    }


def test_the_layers_of_the_sample_are_readable_tars():
    sample = sample_images()[0]
    layers = [
        content for descriptor, content in sample.blobs.items() if "gzip" in descriptor.media_type
    ]
    names = set()

    for layer in layers:
        with tarfile.open(fileobj=io.BytesIO(gzip.decompress(layer))) as archive:
            names |= set(archive.getnames())

    assert {
        "etc/os-release",
        "usr/share/hello/greeting.txt",
        "usr/share/doc/hello/manual.txt",
    } <= names
