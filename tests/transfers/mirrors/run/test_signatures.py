import json

import pytest

from registry_ui.oci.digest import Digest
from registry_ui.oci.manifest import OCI_INDEX, OCI_MANIFEST, Descriptor, Manifest
from tests.parts.images import build_image, push
from tests.parts.memory_store import MemoryStore
from tests.transfers.mirrors.outcomes import outcome
from transfers.mirrors.run.repository_pairs import RepositoryPair
from transfers.mirrors.run.signatures import (
    includes_all,
    is_fallback_tag,
    merge_indexes,
    referrer_tags,
    subject_digest,
    update_fallback_tag,
)
from transfers.models import State

SUBJECT = Digest.of(b"subject")
TAG = str(SUBJECT).replace(":", "-")

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]


def sign(registry, image) -> str:
    """Push a signature in cosign's older form: under a tag of its own."""
    tag = f"{image.digest.replace(':', '-')}.sig"
    push(registry, build_image(layers=1, layer_size=60), image.repository, tag)
    return tag


def test_signatures_are_skipped_where_the_mirror_says_so(
    registry, second_registry, image_factory, make_mirror, run_mirror
):
    repository = registry.new_repository()
    image = image_factory(registry, repository)
    tag = sign(registry, image)
    run_mirror(make_mirror(repository, referrers=False))
    assert second_registry.digest_of(repository, tag) is None


def test_a_signature_of_an_unselected_image_is_skipped(
    registry, second_registry, image_factory, make_mirror, run_mirror
):
    repository = registry.new_repository()
    image_factory(registry, repository, "1.0")
    tag = sign(registry, image_factory(registry, repository, "2.0"))
    run_mirror(make_mirror(repository, selection={"tags": ["1.*"]}))
    assert second_registry.tags(repository) == ["1.0"]
    assert tag


def test_a_signature_of_a_platform_is_copied_with_its_index(
    registry, second_registry, image_factory, make_mirror, run_mirror
):
    repository = registry.new_repository()
    image = image_factory(registry, repository, platforms=["linux/amd64", "linux/arm64"])
    tag = f"{image.children[0].digest.replace(':', '-')}.sig"
    push(registry, build_image(layers=1, layer_size=60), repository, tag)
    run_mirror(make_mirror(repository))
    assert second_registry.digest_of(repository, tag) == registry.digest_of(repository, tag)


def test_a_signature_of_a_named_tag_is_copied(
    registry, second_registry, image_factory, make_mirror, run_mirror
):
    repository = registry.new_repository()
    image = image_factory(registry, repository)
    tag = sign(registry, image)
    run_mirror(make_mirror(repository, selection={"tags": ["1.0"]}))
    assert second_registry.digest_of(repository, tag) == registry.digest_of(repository, tag)


def test_the_next_run_copies_a_later_signature_of_a_named_tag(
    registry, second_registry, image_factory, make_mirror, run_mirror
):
    repository = registry.new_repository()
    image = image_factory(registry, repository)
    mirror = make_mirror(repository, selection={"tags": ["1.0"]})
    run_mirror(mirror)
    tag = sign(registry, image)

    run = run_mirror(mirror)

    assert (run.state, outcome(run)["1.0"], outcome(run)[tag]) == (
        State.SUCCEEDED,
        "up_to_date done",
        "new done",
    )
    assert second_registry.digest_of(repository, tag) == registry.digest_of(repository, tag)


def referrer(content: bytes, **more) -> Descriptor:
    return Descriptor(OCI_MANIFEST, Digest.of(content), len(content), **more)


def index_of(*entries: dict, **members) -> Manifest:
    document = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": list(entries), **members}
    return Manifest.parse(json.dumps(document).encode(), OCI_INDEX)


def entry(content: bytes, **more) -> dict:
    digest = str(Digest.of(content))
    return {"mediaType": OCI_MANIFEST, "digest": digest, "size": len(content), **more}


def listed(manifest: Manifest) -> list[Digest]:
    return [child.digest for child in manifest.children]


@pytest.mark.parametrize("suffix", ["", ".sig", ".att", ".sbom"])
def test_a_digest_tag_names_its_subject(suffix):
    assert subject_digest(f"{TAG}{suffix}") == str(SUBJECT)


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        (TAG, True),
        (f"{TAG}.sig", False),
        ("sha256-short", False),
        ("1.0", False),
        ("latest", False),
    ],
)
def test_only_a_digest_without_a_suffix_is_a_fallback_tag(tag, expected):
    assert is_fallback_tag(tag) is expected


def test_only_tags_of_the_mirrored_digests_are_selected():
    other = str(Digest.of(b"other")).replace(":", "-")
    pair = RepositoryPair("a", "a", digest_tags=[f"{TAG}.sig", f"{other}.sig", TAG])

    assert referrer_tags(pair, [str(SUBJECT)]) == [f"{TAG}.sig", TAG]
    assert referrer_tags(pair, []) == []


def test_a_list_includes_another_whatever_the_order():
    first, second = entry(b"1"), entry(b"2")

    assert includes_all(index_of(second, first), index_of(first))
    assert includes_all(index_of(first), index_of())
    assert not includes_all(index_of(first), index_of(first, second))


def test_a_merged_list_has_each_entry_once_with_all_its_members():
    annotated = entry(b"ours", annotations={"note": "ours"})
    source = index_of(annotated, annotations={"kept": "yes"})
    target = index_of(entry(b"ours"), entry(b"theirs", artifactType="application/x", urls=["u"]))

    merged = merge_indexes(source, target)

    document = json.loads(merged.raw)
    assert document["manifests"] == [
        annotated,
        entry(b"theirs", artifactType="application/x", urls=["u"]),
    ]
    assert document["annotations"] == {"kept": "yes"}
    # So a second run finds nothing to change.
    assert includes_all(merged, source)
    assert merge_indexes(source, merged).digest == merged.digest


def test_a_fallback_tag_is_created_with_the_members_of_the_api():
    store = MemoryStore()

    update_fallback_tag(
        store,
        str(SUBJECT),
        [
            referrer(b"plain"),
            referrer(b"typed", artifact_type="application/x", annotations={"note": "typed"}),
        ],
    )

    assert json.loads(store.manifests[TAG].raw)["manifests"] == [
        entry(b"plain"),
        entry(b"typed", artifactType="application/x", annotations={"note": "typed"}),
    ]


def test_entries_of_other_clients_stay_and_a_complete_list_is_not_written():
    store = MemoryStore()
    store.put_manifest(index_of(entry(b"theirs")), TAG)

    update_fallback_tag(store, str(SUBJECT), [referrer(b"ours")])
    assert set(listed(store.manifests[TAG])) == {Digest.of(b"ours"), Digest.of(b"theirs")}

    store.calls.clear()
    update_fallback_tag(store, str(SUBJECT), [referrer(b"ours")])
    assert store.named("put_manifest") == []
