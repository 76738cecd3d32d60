"""Referrers by the registry's API, by the fallback tag and by cosign's tags."""

import json

import pytest
import requests

from registry_ui.oci.basic_credential import BasicCredential
from registry_ui.oci.digest import Digest
from registry_ui.oci.errors import ConnectionFailed, Denied, EgressRefused, RateLimited
from registry_ui.oci.manifest import OCI_INDEX, OCI_MANIFEST
from tests.parts.images import BuiltManifest
from tests.parts.scripted_server import Reply

SUBJECT = Digest.of(b"the subject")
REFERRERS = f"/v2/team/app/referrers/{SUBJECT}"
MANIFESTS = "/v2/team/app/manifests/"
FALLBACK = f"sha256-{SUBJECT.hex}"
SBOM = "application/spdx+json"
SIGNATURE = "application/vnd.cncf.notary.signature"


def descriptor(number, **more):
    return {
        "mediaType": OCI_MANIFEST,
        "digest": str(Digest.of(b"%d" % number)),
        "size": 100 + number,
        "artifactType": SBOM,
        **more,
    }


def index(*entries, link="", media_type=OCI_INDEX):
    document = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": list(entries)}
    return Reply(
        200,
        json.dumps(document).encode(),
        {"Content-Type": media_type, **({"Link": link} if link else {})},
    )


def artifact(subject, artifact_type=SBOM, config_type="application/vnd.oci.empty.v1+json", note=""):
    """Return the bytes of a referrer."""
    document = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": {"mediaType": config_type, "digest": str(Digest.of(b"{}")), "size": 2},
        "layers": [],
    }
    if artifact_type:
        document["artifactType"] = artifact_type
    if subject is not None:
        document["subject"] = {"mediaType": OCI_MANIFEST, "digest": str(subject), "size": 5}
    if note:
        document["annotations"] = {"note": note}
    return json.dumps(document).encode()


def entry_of(raw, **more):
    return {"mediaType": OCI_MANIFEST, "digest": str(Digest.of(raw)), "size": len(raw), **more}


def put_manifest(scripted, reference, raw, media_type=OCI_MANIFEST):
    reply = Reply(
        200, raw, {"Content-Type": media_type, "Docker-Content-Digest": str(Digest.of(raw))}
    )
    for method in ("GET", "HEAD"):
        scripted.on(method, MANIFESTS + reference, reply)


def put_fallback(scripted, *raws, **more):
    for raw in raws:
        put_manifest(scripted, str(Digest.of(raw)), raw)
    put_manifest(
        scripted, FALLBACK, index(*(entry_of(raw, **more) for raw in raws)).body, OCI_INDEX
    )


def numbers_of(referrers):
    return [referrer.size - 100 for referrer in referrers]


# --- the API


def test_the_registrys_own_list_is_used(scripted, store):
    entry = descriptor(1, annotations={"org.opencontainers.image.created": "2026-01-01T00:00:00Z"})
    scripted.on("GET", REFERRERS, index(entry))
    (referrers,) = store.referrers(SUBJECT)
    assert str(referrers.digest) == entry["digest"]
    assert referrers.artifact_type == SBOM
    assert referrers.annotations == {"org.opencontainers.image.created": "2026-01-01T00:00:00Z"}
    assert scripted.made("GET", f"{MANIFESTS}{FALLBACK}") == []
    assert scripted.made("GET", REFERRERS)[0].headers["Accept"] == OCI_INDEX


def test_an_empty_list_is_an_answer(scripted, store):
    scripted.on("GET", REFERRERS, index())
    put_fallback(scripted, artifact(SUBJECT))
    assert store.referrers(SUBJECT) == []


def test_a_list_in_pages(scripted, store):
    pages = {
        None: index(descriptor(1), link=f'<{REFERRERS}?last=1>; rel="next"'),
        "1": index(descriptor(2), descriptor(1)),
    }
    scripted.on("GET", REFERRERS, lambda call: pages[call.query.get("last", [None])[0]])
    assert numbers_of(store.referrers(SUBJECT)) == [1, 2]


def test_a_looping_list_ends(scripted, store):
    scripted.on("GET", REFERRERS, index(descriptor(1), link=f'<{REFERRERS}?last=1>; rel="next"'))
    assert numbers_of(store.referrers(SUBJECT)) == [1]
    assert len(scripted.made("GET", REFERRERS)) <= 3


def test_a_list_that_goes_on_elsewhere_is_refused(scripted, scripted_servers, store):
    other = scripted_servers()
    scripted.on(
        "GET", REFERRERS, index(descriptor(1), link=f'<{other.url}{REFERRERS}>; rel="next"')
    )
    with pytest.raises(EgressRefused, match=r"^list_continues_elsewhere "):
        store.referrers(SUBJECT)
    assert other.calls == []


def test_a_thousand_are_enough(scripted, store):
    def endless(call):
        page = int(call.query.get("page", ["0"])[0])
        entries = [descriptor(number) for number in range(page * 400, page * 400 + 400)]
        return index(*entries, link=f'<{REFERRERS}?page={page + 1}>; rel="next"')

    scripted.on("GET", REFERRERS, endless)
    assert len(store.referrers(SUBJECT)) == 1000
    assert len(scripted.made("GET", REFERRERS)) == 3


def test_malformed_descriptors_are_left_out(scripted, store):
    nonsense = [
        None,
        5,
        {},
        {"mediaType": OCI_MANIFEST, "digest": "sha256:../x", "size": 1},
        descriptor(2, size=-1),
        descriptor(3, data="!"),
    ]
    scripted.on(
        "GET", REFERRERS, index(*nonsense, descriptor(1), {**descriptor(4), "digest": str(SUBJECT)})
    )
    assert numbers_of(store.referrers(SUBJECT)) == [1]


# --- what is not the API


NOT_THE_API = [
    Reply(404, b"404 page not found"),
    Reply(400),
    Reply(401),
    Reply(403),
    Reply(405),
    Reply(500),
    Reply(501),
    Reply(200, b"<html>GitHub", {"Content-Type": "text/html; charset=utf-8"}),
    Reply(200, b"{}", {"Content-Type": "application/json"}),
    Reply(200, b"nonsense", {"Content-Type": OCI_INDEX}),
    Reply(200, b'{"manifests": null}', {"Content-Type": OCI_INDEX}),
    Reply(200, b"[]", {"Content-Type": OCI_INDEX}),
    Reply(200, b" " * 9_000_000, {"Content-Type": OCI_INDEX}),
    index(descriptor(1), media_type=OCI_MANIFEST),
]


@pytest.mark.parametrize("reply", NOT_THE_API)
def test_anything_but_an_index_leads_to_the_fallback_tag(scripted, client_of, reply):
    scripted.on("GET", REFERRERS, reply)
    put_fallback(scripted, artifact(SUBJECT))
    (referrers,) = (
        client_of(scripted, BasicCredential("robot", "secret")).store("team/app").referrers(SUBJECT)
    )
    assert referrers.artifact_type == SBOM


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(scripted, scripted_servers, store, status):
    other = scripted_servers()
    other.on("GET", "/.*", index(descriptor(1)))
    scripted.on("GET", REFERRERS, Reply(status, headers={"Location": f"{other.url}/team/app"}))
    assert store.referrers(SUBJECT) == []
    assert other.calls == []


def test_a_registry_that_asks_to_slow_down_is_not_one_without_referrers(scripted, store):
    scripted.on("GET", REFERRERS, Reply(429))
    with pytest.raises(RateLimited):
        store.referrers(SUBJECT)


def test_no_answer_is_not_no_referrers(scripted, store):
    scripted.on("GET", REFERRERS, Reply(reset=True))
    with pytest.raises(ConnectionFailed):
        store.referrers(SUBJECT)


def test_missing_right_to_pull_is_reported(scripted, client_of):
    scripted.on("GET", ".*referrers.*", Reply(403))
    scripted.on("GET", MANIFESTS + ".*", Reply(403))
    scripted.on("HEAD", MANIFESTS + ".*", Reply(403))
    with pytest.raises(Denied):
        client_of(scripted).store("team/app").referrers(SUBJECT)


# --- the fallback tag


def test_the_fallback_reads_types_and_annotations_from_manifests(scripted, store):
    with_type, with_config = artifact(SUBJECT, SBOM, note="x"), artifact(SUBJECT, "", SIGNATURE)
    put_fallback(scripted, with_type, with_config, artifactType="application/lies")
    referrers = store.referrers(SUBJECT)
    assert [referrer.artifact_type for referrer in referrers] == [SBOM, SIGNATURE]
    assert referrers[0].annotations == {"note": "x"}
    assert [referrer.digest for referrer in referrers] == [
        Digest.of(with_type),
        Digest.of(with_config),
    ]


def test_only_what_has_this_subject_counts(scripted, store):
    right, wrong, without = (
        artifact(SUBJECT),
        artifact(Digest.of(b"another")),
        artifact(None, "a/b"),
    )
    put_fallback(scripted, wrong, right, without)
    assert [referrer.digest for referrer in store.referrers(SUBJECT)] == [Digest.of(right)]


def test_entries_that_are_gone_or_broken_are_left_out(scripted, store):
    right, gone, other = (
        artifact(SUBJECT),
        artifact(SUBJECT, "gone/type"),
        artifact(SUBJECT, "other/type"),
    )
    put_fallback(scripted, right, gone, other)
    scripted.on("GET", MANIFESTS + str(Digest.of(gone)), Reply(404))
    scripted.on(
        "GET", MANIFESTS + str(Digest.of(other)), Reply(200, right, {"Content-Type": OCI_MANIFEST})
    )
    assert [referrer.digest for referrer in store.referrers(SUBJECT)] == [Digest.of(right)]


def test_a_registry_that_takes_the_tag_for_the_digest_has_no_fallback(scripted, client_of):
    raw = index(entry_of(artifact(None))).body
    digest = Digest.of(raw)
    put_manifest(scripted, f"sha256-{digest.hex}", raw, OCI_INDEX)
    assert client_of(scripted).store("team/app").referrers(digest) == []
    assert len(scripted.made("GET", MANIFESTS + ".*")) == 1


def test_an_image_under_the_fallback_tag_is_no_list(scripted, store):
    put_manifest(scripted, FALLBACK, artifact(SUBJECT))
    assert store.referrers(SUBJECT) == []


def test_at_most_fifty_entries_are_fetched(scripted, store):
    raws = [artifact(SUBJECT, f"type/{number}") for number in range(60)]
    put_fallback(scripted, *raws)
    assert len(store.referrers(SUBJECT)) == 60
    assert len(scripted.made("GET", f"{MANIFESTS}sha256:.*")) == 50


def test_entries_beyond_fifty_are_not_trusted_where_one_was_wrong(scripted, store):
    raws = [artifact(SUBJECT, f"type/{number}") for number in range(59)]
    put_fallback(scripted, artifact(Digest.of(b"another")), *raws)
    assert len(store.referrers(SUBJECT)) == 49


def test_the_tag_of_a_long_digest_is_cut(scripted, client_of):
    digest = Digest.of(b"long", "sha512")
    put_manifest(
        scripted, f"sha512-{digest.hex[:64]}", index(entry_of(artifact(digest))).body, OCI_INDEX
    )
    put_manifest(scripted, str(Digest.of(artifact(digest))), artifact(digest))
    assert len(client_of(scripted).store("team/app").referrers(digest)) == 1


# --- cosign's tags


@pytest.mark.parametrize("suffix", ["sig", "att", "sbom"])
def test_cosigns_tags_are_reported_by_what_they_are(scripted, store, suffix):
    raw = artifact(None, "", "application/vnd.oci.image.config.v1+json")
    scripted.on("GET", REFERRERS, index(descriptor(1)))
    put_manifest(scripted, f"{FALLBACK}.{suffix}", raw)
    by_type = {referrer.artifact_type: referrer.digest for referrer in store.referrers(SUBJECT)}
    assert by_type == {
        f"application/vnd.dev.cosign.artifact.{suffix}.v1+json": Digest.of(raw),
        SBOM: Digest.of(b"1"),
    }


def test_a_digest_in_two_lists_is_reported_once(scripted, store):
    raw = artifact(SUBJECT, SIGNATURE)
    put_fallback(scripted, raw)
    put_manifest(scripted, f"{FALLBACK}.sig", raw)
    (referrers,) = store.referrers(SUBJECT)
    assert referrers.artifact_type == SIGNATURE


def test_a_refused_request_for_cosigns_tags_is_ignored(scripted, store):
    scripted.on("GET", REFERRERS, index(descriptor(1)))
    scripted.on("HEAD", MANIFESTS + ".*", Reply(403))
    assert numbers_of(store.referrers(SUBJECT)) == [1]


# --- a real registry, which has no such API


def test_the_fallback_on_a_real_registry(registry, image_factory, client_of):
    pushed = image_factory(registry)
    subject = Digest.parse(pushed.digest)
    config = b"{}"
    blobs = {str(Digest.of(config)): config}
    referrer = BuiltManifest(artifact(subject), OCI_MANIFEST, blobs=blobs)
    signature = BuiltManifest(
        artifact(None, "", "application/vnd.oci.image.config.v1+json"), OCI_MANIFEST, blobs=blobs
    )
    listing = index(entry_of(referrer.content), entry_of(signature.content)).body
    image_factory.push(registry, signature, pushed.repository, f"sha256-{subject.hex}.sig")
    image_factory.push(
        registry,
        BuiltManifest(listing, OCI_INDEX, blobs=blobs, children=[referrer, signature]),
        pushed.repository,
        f"sha256-{subject.hex}",
    )
    client = client_of(registry.host)
    referrers = {
        referrer.artifact_type: str(referrer.digest)
        for referrer in client.store(pushed.repository).referrers(subject)
    }
    assert referrers == {
        SBOM: referrer.digest,
        "application/vnd.dev.cosign.artifact.sig.v1+json": signature.digest,
    }
    assert (
        requests.get(
            f"{registry.url}/v2/{pushed.repository}/referrers/{subject}", timeout=5
        ).status_code
        == 404
    )
    assert client.list_tags(pushed.repository) == ["1.0"]


def test_an_image_without_referrers(registry, image_factory, client_of):
    pushed = image_factory(registry)
    assert (
        client_of(registry.host).store(pushed.repository).referrers(Digest.parse(pushed.digest))
        == []
    )
