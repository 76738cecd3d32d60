import json

import pytest

from registry_ui.catalog.artifact_pages.kinds import (
    kind_of_descriptor,
    kind_of_manifest,
    kind_of_type,
)
from registry_ui.oci.manifest import OCI_CONFIG, OCI_INDEX, OCI_MANIFEST, Descriptor, Manifest

from .artifact_rows import described, manifest_of

EMPTY = "application/vnd.oci.empty.v1+json"


def kind_of(document) -> str:
    return str(kind_of_manifest(Manifest.parse(json.dumps(document).encode())).text)


@pytest.mark.parametrize(
    ("media_type", "label"),
    [
        ("application/vnd.dev.cosign.artifact.sig.v1+json", "cosign signature"),
        ("application/vnd.cncf.notary.signature", "Notation signature"),
        ("application/spdx+json", "SBOM (SPDX)"),
        ("text/spdx", "SBOM (SPDX)"),
        ("application/vnd.cyclonedx+json", "SBOM (CycloneDX)"),
        ("application/vnd.in-toto+json", "in-toto attestation"),
        ("application/vnd.dev.sigstore.bundle.v0.3+json", "Sigstore bundle"),
        ("application/vnd.dev.sigstore.bundle+json;version=0.2", "Sigstore bundle"),
        ("application/vnd.cncf.helm.config.v1+json", "Helm chart"),
        ("Application/VND.CNCF.Helm.config.v1+json", "Helm chart"),
        ("application/vnd.nobody.knows.this", "application/vnd.nobody.knows.this"),
        ("x" * 300, "x" * 100),
        ("", "artifact of no stated type"),
    ],
)
def test_types_have_labels(media_type, label):
    assert kind_of_type(media_type).text == label


def test_an_image_is_an_image():
    assert kind_of(manifest_of(layers=[described("layer")])) == "Image of one platform"
    assert kind_of(manifest_of()) == "Image of one platform"


def test_an_index_has_its_artifact_type():
    index = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": []}

    assert kind_of(index) == "Index of several platforms"
    assert (
        kind_of({**index, "artifactType": "application/vnd.cncf.flux.config.v1+json"})
        == "Flux source"
    )


@pytest.mark.parametrize(
    ("document", "label"),
    [
        (
            manifest_of(
                layers=[described("x", "application/vnd.dev.cosign.simplesigning.v1+json")]
            ),
            "cosign signature",
        ),
        (
            manifest_of(layers=[described("x", "application/vnd.in-toto+json")]),
            "in-toto attestation",
        ),
        (
            manifest_of(
                layers=[
                    described(
                        "x",
                        "application/vnd.in-toto+json",
                        annotations={
                            "in-toto.io/predicate-type": "https://slsa.dev/provenance/v0.2"
                        },
                    )
                ]
            ),
            "provenance (SLSA)",
        ),
        (
            manifest_of(
                config_type=EMPTY,
                artifactType="application/spdx+json",
                layers=[described("x", "text/plain")],
            ),
            "SBOM (SPDX)",
        ),
        (
            manifest_of(
                config_type="application/vnd.cncf.helm.config.v1+json",
                layers=[described("x", "application/gzip")],
            ),
            "Helm chart",
        ),
        (
            manifest_of(config_type=EMPTY, layers=[described("x", "application/wasm")]),
            "WebAssembly module",
        ),
        (
            manifest_of(config_type="application/vnd.acme.thing+json"),
            "application/vnd.acme.thing+json",
        ),
    ],
)
def test_other_artifacts_have_their_kind(document, label):
    assert kind_of(document) == label
    assert not kind_of_manifest(Manifest.parse(json.dumps(document).encode())).is_image


def test_the_entries_of_an_index():
    def kind(**more) -> str:
        return str(
            kind_of_descriptor(Descriptor.from_document(described("x", OCI_MANIFEST, **more))).text
        )

    assert kind() == "Image of one platform"
    assert kind(artifactType="application/spdx+json") == "SBOM (SPDX)"
    assert (
        kind(annotations={"vnd.docker.reference.type": "attestation-manifest"})
        == "BuildKit attestation"
    )
    assert (
        kind(annotations={"dev.sigstore.bundle.predicateType": "https://slsa.dev/provenance/v1"})
        == "provenance (SLSA)"
    )
    assert (
        str(kind_of_descriptor(Descriptor.from_document(described("x", OCI_INDEX))).text)
        == "Index of several platforms"
    )
    assert (
        str(kind_of_descriptor(Descriptor.from_document(described("x", OCI_CONFIG))).text)
        == "Image of one platform"
    )
