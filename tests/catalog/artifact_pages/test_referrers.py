import json

import pytest

from registry_ui.catalog.artifact_pages.opened_artifact import open_artifact
from registry_ui.catalog.artifact_pages.referrers import referrers_of
from registry_ui.oci.manifest import OCI_INDEX, OCI_MANIFEST
from registry_ui.registries.models import Security
from registry_ui.web.errors import describe
from tests.parts.images import BuiltManifest, digest_of, push
from tests.parts.index_rows import make_image, make_repository
from tests.parts.processes import free_port
from tests.parts.scripted_server import Reply, scripted_server

from .artifact_rows import described, manifest_of, save_artifact

pytestmark = pytest.mark.django_db


def built(document, *blobs):
    content = json.dumps(document).encode()
    return BuiltManifest(
        content, document["mediaType"], blobs={digest_of(blob): blob for blob in blobs}
    )


def referrers_by_kind(opened):
    referrers = referrers_of(opened)
    assert referrers.problem is None
    return {str(referrer.kind.text): referrer for referrer in referrers.listed}


def test_signatures_and_sboms_of_a_registry_without_the_api(make_registry, registry, image_factory):
    """docker-registry 2.8 has no /referrers/: the fallback tag and cosign's own tags stand in."""
    pushed = image_factory(registry)
    tag = pushed.digest.replace(":", "-")
    subject = {"mediaType": OCI_MANIFEST, "digest": pushed.digest, "size": pushed.built.size}
    sbom = built(
        manifest_of(
            layers=[described(b"{}", "application/spdx+json")],
            artifactType="application/spdx+json",
            subject=subject,
        ),
        b"{}",
    )
    push(registry, sbom, pushed.repository, "sbom-of-it")
    listed = {
        "schemaVersion": 2,
        "mediaType": OCI_INDEX,
        "manifests": [sbom.descriptor(artifactType="application/spdx+json")],
    }
    push(registry, built(listed), pushed.repository, tag)
    signature = built(
        manifest_of(layers=[described(b"{}", "application/vnd.dev.cosign.simplesigning.v1+json")]),
        b"{}",
    )
    push(registry, signature, pushed.repository, f"{tag}.sig")

    opened = open_artifact(make_registry(registry), pushed.repository, pushed.tag)
    referrers = referrers_by_kind(opened)

    assert {kind: referrer.digest for kind, referrer in referrers.items()} == {
        "SBOM (SPDX)": sbom.digest,
        "cosign signature": signature.digest,
    }
    # Each has a page of its own.
    assert (
        open_artifact(opened.repository.registry, pushed.repository, f"{tag}.sig").kind.text
        == "cosign signature"
    )


def test_a_registrys_referrers_are_cached_for_two_minutes(make_registry):
    with scripted_server() as server:
        registry_row = make_registry(host=f"127.0.0.1:{server.port}", security=Security.PLAIN_HTTP)
        image = make_image(registry_row, ("a", 1))
        make_repository(registry_row, "a/b", {"1.0": image})
        entry = described("provenance", OCI_MANIFEST, artifactType="application/vnd.in-toto+json")
        entry["annotations"] = {
            "in-toto.io/predicate-type": "https://slsa.dev/provenance/v1",
            "org.opencontainers.image.created": "2026-03-01T12:00:00Z",
        }
        body = json.dumps(
            {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [entry]}
        ).encode()
        server.on("GET", "/v2/", Reply(200))
        server.on("HEAD", "/v2/.*", Reply(404))
        server.on(
            "GET",
            f"/v2/a/b/referrers/{image.digest}",
            Reply(body=body, headers={"Content-Type": OCI_INDEX}),
        )

        for _time in range(2):
            referrers = referrers_by_kind(open_artifact(registry_row, "a/b", "1.0"))
            assert list(referrers) == ["provenance (SLSA)"]
            assert referrers["provenance (SLSA)"].detail == "https://slsa.dev/provenance/v1"
            assert referrers["provenance (SLSA)"].created.year == 2026

        assert len(server.made("GET", ".*/referrers/.*")) == 1


def test_known_referrers_are_shown_while_the_registry_is_unreachable(make_registry):
    registry_row = make_registry(host=f"127.0.0.1:{free_port()}", security=Security.PLAIN_HTTP)
    image = make_image(registry_row, ("a", 1))
    known = make_image(
        registry_row, ("sbom", 1), artifact_type="application/vnd.cyclonedx+json", subject=image
    )
    signature = save_artifact(
        registry_row,
        manifest_of(layers=[described("x", "application/vnd.dev.cosign.simplesigning.v1+json")]),
    )
    make_repository(
        registry_row, "a/b", {"1.0": image, f"{image.digest.replace(':', '-')}.sig": signature}
    )

    referrers = referrers_of(open_artifact(registry_row, "a/b", "1.0"))

    assert referrers.problem is not None
    assert describe(referrers.problem).sentence
    assert {(str(referrer.kind.text), referrer.digest) for referrer in referrers.listed} == {
        ("SBOM (CycloneDX)", known.digest),
        ("cosign signature", signature.digest),
    }
    assert {referrer.tag for referrer in referrers.listed} == {
        "",
        f"{image.digest.replace(':', '-')}.sig",
    }


def test_hostile_descriptors_are_bounded_and_inert(make_registry):
    with scripted_server() as server:
        registry_row = make_registry(host=f"127.0.0.1:{server.port}", security=Security.PLAIN_HTTP)
        make_repository(registry_row, "a/b", {"1.0": make_image(registry_row, ("a", 1))})
        long = "x" * 100_000
        entries = [
            described(str(number), OCI_MANIFEST, artifactType=f"{number}\u202e<b>{long[:9000]}")
            for number in range(300)
        ]
        body = json.dumps(
            {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": entries}
        ).encode()
        server.on("GET", "/v2/", Reply(200))
        server.on("HEAD", "/v2/.*", Reply(404))
        server.on("GET", ".*/referrers/.*", Reply(body=body, headers={"Content-Type": OCI_INDEX}))

        referrers = referrers_of(open_artifact(registry_row, "a/b", "1.0"))

        assert (len(referrers.listed), referrers.omitted_count) == (200, 100)
        assert all(
            len(referrer.detail) < 300 and "\u202e" not in referrer.detail
            for referrer in referrers.listed
        )
