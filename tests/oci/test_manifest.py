"""Manifests and indexes that are accepted or refused (HARDENING 13, 14, 17)."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry_ui.oci.digest import Digest
from registry_ui.oci.errors import (
    ContentMismatch,
    InvalidManifest,
    OciError,
)
from registry_ui.oci.manifest import (
    CHILDREN_LIMIT,
    DOCKER_INDEX,
    DOCKER_MANIFEST,
    MANIFEST_LIMIT,
    OCI_CONFIG,
    OCI_INDEX,
    OCI_LAYER_GZIP,
    OCI_MANIFEST,
    Manifest,
    parse_config,
)


def a_descriptor(content=b"{}", **more):
    return {
        "mediaType": OCI_CONFIG,
        "digest": str(Digest.of(content)),
        "size": len(content),
        **more,
    }


def an_image(**more):
    return {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": a_descriptor(),
        "layers": [a_descriptor(b"layer", mediaType=OCI_LAYER_GZIP)],
        **more,
    }


def an_index(*children, **more):
    return {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": list(children), **more}


def parse(document, media_type=None):
    return Manifest.parse(json.dumps(document).encode(), media_type)


@pytest.mark.parametrize("media_type", [OCI_MANIFEST, DOCKER_MANIFEST])
def test_image(media_type):
    raw = json.dumps(an_image(mediaType=media_type), indent=3).encode()
    manifest = Manifest.parse(raw, f"{media_type.upper()}; charset=utf-8")
    assert manifest.raw is raw
    assert manifest.digest == Digest.of(raw)
    assert not manifest.is_index
    assert [blob.digest for blob in manifest.blobs] == [Digest.of(b"{}"), Digest.of(b"layer")]
    assert manifest.descriptor.size == manifest.size == len(raw)


@pytest.mark.parametrize("media_type", [OCI_INDEX, DOCKER_INDEX])
def test_index(media_type):
    child = a_descriptor(
        mediaType=OCI_MANIFEST, platform={"os": "linux", "architecture": "arm", "variant": "v7"}
    )
    manifest = parse(an_index(child, mediaType=media_type), media_type)
    assert manifest.is_index
    assert str(manifest.children[0].platform) == "linux/arm/v7"


def test_type_from_the_shape_where_none_is_stated():
    image = an_image()
    del image["mediaType"]
    assert parse(image).media_type == OCI_MANIFEST
    index = an_index()
    del index["mediaType"]
    assert parse(index, "application/json").media_type == OCI_INDEX


@pytest.mark.parametrize(
    ("document", "media_type"),
    [
        (an_image(manifests=[]), OCI_MANIFEST),
        (an_index(layers=[]), OCI_INDEX),
        (an_index(config=a_descriptor()), OCI_INDEX),
        (an_image(), OCI_INDEX),
        (an_index(), OCI_MANIFEST),
        (an_image(mediaType="application/x-other"), None),
        (an_image(mediaType=5), None),
        ({"schemaVersion": 1, "fsLayers": []}, None),
        ({"schemaVersion": 2, "fsLayers": []}, OCI_MANIFEST),
        ({"schemaVersion": 2, "layers": []}, OCI_MANIFEST),
        ({"schemaVersion": 2, "config": a_descriptor()}, OCI_MANIFEST),
        (an_image(layers={}), None),
        (an_image(layers=[5]), None),
        (an_image(config=[]), None),
        (an_index(*([a_descriptor(mediaType=OCI_MANIFEST)] * (CHILDREN_LIMIT + 1))), None),
        (an_index("x"), None),
        ([], None),
        ("x", None),
    ],
)
def test_ambiguous_and_malformed_manifests_are_refused(document, media_type):
    with pytest.raises(InvalidManifest):
        parse(document, media_type)


@pytest.mark.parametrize(
    "bad",
    [
        {"digest": "sha256:../../x"},
        {"digest": f"sha256:{'a' * 63}"},
        {"digest": 5},
        {"size": -1},
        {"size": "5"},
        {"size": True},
        {"size": 1.5},
        {"size": None},
        {"mediaType": 5},
    ],
)
def test_bad_descriptors_are_refused(bad):
    with pytest.raises(InvalidManifest):
        parse(an_image(layers=[a_descriptor(**bad)]))


@pytest.mark.parametrize(
    "raw", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b" " * (MANIFEST_LIMIT + 1), b"null", b"NaN"]
)
def test_bytes_that_are_no_manifest(raw):
    with pytest.raises(InvalidManifest):
        Manifest.parse(raw)


def test_a_thousand_children_are_taken():
    assert (
        len(parse(an_index(*([a_descriptor(mediaType=OCI_MANIFEST)] * CHILDREN_LIMIT))).children)
        == CHILDREN_LIMIT
    )


def test_foreign_layers_are_not_among_the_blobs():
    foreign = [
        a_descriptor(b"1", urls=["https://evil.example/x"]),
        a_descriptor(b"2", mediaType="application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"),
        a_descriptor(
            b"3", mediaType="application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"
        ),
    ]
    manifest = parse(an_image(layers=foreign))
    assert all(layer.is_foreign for layer in manifest.layers)
    assert [blob.digest for blob in manifest.blobs] == [Digest.of(b"{}")]


def test_each_blob_once():
    layer = a_descriptor(b"layer")
    assert len(parse(an_image(layers=[layer, layer])).blobs) == 2


def test_inline_data_is_verified():
    good = a_descriptor(b"hello", data=base64.b64encode(b"hello").decode())
    assert parse(an_image(config=good)).config.data == b"hello"
    with pytest.raises(ContentMismatch):
        parse(an_image(config={**good, "data": base64.b64encode(b"hellO").decode()}))
    with pytest.raises(InvalidManifest):
        parse(an_image(config={**good, "data": "not base64!"}))


def test_subject_artifact_type_and_annotations():
    manifest = parse(
        an_image(
            subject=a_descriptor(b"s"), artifactType="application/x", annotations={"a": "b", "c": 5}
        )
    )
    assert manifest.subject.digest == Digest.of(b"s")
    assert manifest.artifact_type == "application/x"
    assert dict(manifest.annotations) == {"a": "b"}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda children: (
        st.lists(children, max_size=4) | st.dictionaries(st.text(max_size=12), children, max_size=4)
    ),
    max_leaves=12,
)


@given(
    st.sampled_from(
        [
            "config",
            "layers",
            "manifests",
            "mediaType",
            "subject",
            "annotations",
            "artifactType",
            "schemaVersion",
        ]
    ),
    JSON,
)
def test_any_member_is_parsed_or_refused(member, value):
    for document in (an_image(), an_index(a_descriptor(mediaType=OCI_MANIFEST))):
        try:
            parse({**document, member: value})
        except OciError:
            pass


@given(st.binary(max_size=200))
def test_any_bytes_are_parsed_or_refused(raw):
    try:
        Manifest.parse(raw)
    except OciError:
        pass
    assert isinstance(parse_config(raw), dict)


def test_a_manifest_keeps_its_bytes(image_factory):
    built = image_factory.build_image()

    assert Manifest.parse(built.content, built.media_type).raw is built.content
