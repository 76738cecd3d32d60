import json

import pytest

from registry_ui.catalog.artifact_pages.opened_artifact import open_artifact
from registry_ui.oci.digest import Digest
from registry_ui.oci.errors import ManifestUnknown
from registry_ui.oci.manifest import OCI_INDEX, OCI_MANIFEST
from registry_ui.web.errors import describe
from tests.parts.index_rows import digest_of, make_image, make_index, make_repository

from .artifact_rows import (
    HISTORY,
    LAYERS,
    RUN,
    described,
    manifest_of,
    save_artifact,
    save_helm_chart,
    save_index_with_attestation,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def registry_row(make_registry):
    return make_registry()


def test_an_image_by_tag_and_by_digest(registry_row):
    image = make_image(
        registry_row,
        *LAYERS,
        run=RUN,
        history=HISTORY,
        annotations={"org.opencontainers.image.revision": "abc"},
    )
    make_repository(registry_row, "a/b", {"1.0": image})

    by_tag = open_artifact(registry_row, "a/b", "1.0")
    by_digest = open_artifact(registry_row, "a/b", Digest.parse(image.digest))

    assert str(by_tag.reference) == "registry.example.com/a/b:1.0"
    assert str(by_digest.reference) == f"registry.example.com/a/b@{image.digest}"
    for opened in (by_tag, by_digest):
        assert opened.is_image
        assert opened.facts.user == "101:101"
        assert [layer.command.split()[0] for layer in opened.diagram.layers] == [
            "ADD",
            "RUN",
            "COPY",
        ]
        assert [str(fact.label) for fact in opened.origins] == [
            "Licences",
            "Source code",
            "Revision",
        ]
        assert [str(document.title) for document in opened.documents] == ["Manifest", "Config"]
        assert opened.platforms == []
        assert opened.query == "?"


def test_an_index_shows_one_platform_and_what_is_attached(registry_row):
    amd, arm = (
        make_image(registry_row, *LAYERS),
        make_image(registry_row, ("arm", 5), platform="linux/arm64"),
    )
    index = save_index_with_attestation(registry_row, amd, arm)
    make_repository(registry_row, "a/b", {"1.0": index})

    opened = open_artifact(registry_row, "a/b", "1.0", arm.digest)

    assert opened.root.is_index
    assert opened.shown == arm
    assert opened.platform_name == "linux/arm64"
    assert [entry["platform"] for entry in opened.platforms] == ["linux/amd64", "linux/arm64"]
    assert [(str(entry.kind.text), entry.platform) for entry in opened.attached] == [
        ("BuildKit attestation", "linux/amd64"),
        ("BuildKit attestation", "linux/arm64"),
    ]
    assert [str(document.title) for document in opened.documents] == ["Index", "Manifest", "Config"]
    assert opened.query == f"?platform={arm.digest.replace(':', '%3A')}&"
    assert open_artifact(registry_row, "a/b", "1.0", "linux/arm64").shown == arm
    assert open_artifact(registry_row, "a/b", "1.0", "nonsense").is_image


def test_annotations_of_the_image_override_those_of_the_index(registry_row):
    image = make_image(registry_row, ("a", 1), annotations={"who": "image"})
    entry = described(
        "x",
        OCI_MANIFEST,
        annotations={"who": "entry", "entry": "x"},
        platform={"os": "linux", "architecture": "amd64"},
    )
    entry |= {"digest": image.digest, "size": image.manifest_size}
    document = {
        "schemaVersion": 2,
        "mediaType": OCI_INDEX,
        "manifests": [entry],
        "annotations": {"who": "index", "index": "x"},
    }
    index = save_artifact(
        registry_row, document, media_type=OCI_INDEX, config_digest="", platforms=image.platforms
    )
    make_repository(registry_row, "a/b", {"1.0": index})

    values = {
        setting.key: setting.value
        for setting in open_artifact(registry_row, "a/b", "1.0").annotations
    }

    assert values == {"who": "image", "entry": "x", "index": "x"}


def test_a_chart_is_files_and_no_image(registry_row):
    make_repository(registry_row, "charts/demo", {"0.3.1": save_helm_chart(registry_row)})

    opened = open_artifact(registry_row, "charts/demo", "0.3.1")

    assert not opened.is_image
    assert opened.kind.text == "Helm chart"
    assert [(file.name, str(file.kind.text)) for file in opened.files] == [
        ("demo.tgz", "Helm chart")
    ]
    assert opened.diagram.layers == ()
    assert [str(document.title) for document in opened.documents] == ["Manifest", "Config"]


def test_a_signature_has_a_subject(registry_row):
    image = make_image(registry_row, ("a", 1))
    subject = {"mediaType": OCI_MANIFEST, "digest": image.digest, "size": image.manifest_size}
    layer = described("x", "application/vnd.dev.cosign.simplesigning.v1+json")
    signature = save_artifact(
        registry_row, manifest_of(layers=[layer], subject=subject), subject=image.digest
    )
    make_repository(registry_row, "a/b", {"1.0": image, "signature": signature})

    opened = open_artifact(registry_row, "a/b", "signature")

    assert opened.subject == image.digest
    assert opened.kind.text == "cosign signature"


def test_an_index_without_images_shows_its_contents(registry_row):
    document = {
        "schemaVersion": 2,
        "mediaType": OCI_INDEX,
        "manifests": [described("x", OCI_MANIFEST, artifactType="application/spdx+json")],
    }
    make_repository(
        registry_row,
        "a/b",
        {"1.0": save_artifact(registry_row, document, media_type=OCI_INDEX, config_digest="")},
    )

    opened = open_artifact(registry_row, "a/b", "1.0")

    assert not opened.is_image
    assert opened.files == []
    assert [str(entry.kind.text) for entry in opened.attached] == ["SBOM (SPDX)"]
    assert [str(document.title) for document in opened.documents] == ["Index"]


@pytest.mark.parametrize(
    "config", [b"not json", b"[]", b"[" * 5000, b'{"config": 7, "history": {}}', b"\xff\xfe", b""]
)
def test_an_invalid_config_has_no_facts(registry_row, config):
    artifact = save_artifact(registry_row, manifest_of(config, [described("layer")]), config)
    make_repository(registry_row, "a/b", {"1.0": artifact})

    opened = open_artifact(registry_row, "a/b", "1.0")

    assert opened.is_image
    assert opened.facts.user == ""
    assert len(opened.diagram.layers) == 1


def test_a_moved_tag_has_its_previous_digest(registry_row):
    repository = make_repository(
        registry_row,
        "a/b",
        {"1.0": make_image(registry_row, ("a", 1)), "2.0": make_image(registry_row, ("b", 1))},
    )
    repository.tags.filter(name="1.0").update(previous_digest=digest_of("before"))

    assert (
        str(open_artifact(registry_row, "a/b", "1.0").previous)
        == f"registry.example.com/a/b@{digest_of('before')}"
    )
    assert open_artifact(registry_row, "a/b", "2.0").previous is None


def test_a_platform_that_the_index_lacks_is_fetched_at_once(
    registry_row, make_registry, registry, image_factory
):
    real = make_registry(registry)
    pushed = image_factory(registry, platforms=["linux/amd64", "linux/arm64"])
    open_artifact(real, pushed.repository, pushed.tag)
    child = pushed.children[1].digest
    real.artifacts.filter(digest=child).delete()

    opened = open_artifact(real, pushed.repository, pushed.tag, child)

    assert opened.shown.digest == child
    assert json.loads(opened.manifest.raw) == json.loads(pushed.children[1].content)


def test_a_missing_image_is_an_error(make_registry, registry, image_factory):
    real = make_registry(registry)
    pushed = image_factory(registry)

    with pytest.raises(ManifestUnknown) as caught:
        open_artifact(real, pushed.repository, "missing")
    assert describe(caught.value).advice


def test_one_query_for_the_documents_of_both_sides(registry_row, django_assert_max_num_queries):
    make_repository(
        registry_row,
        "a/b",
        {
            "1.0": make_index(
                registry_row,
                *(
                    make_image(registry_row, (name, 1), platform=name)
                    for name in ("linux/amd64", "linux/arm64")
                ),
            )
        },
    )

    with django_assert_max_num_queries(2):
        open_artifact(registry_row, "a/b", "1.0")
