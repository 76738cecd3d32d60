"""The rules of the OCI distribution specification 1.1, one by one."""

import json

import pytest

from tests.parts.images import OCI_INDEX, OCI_MANIFEST, build_image, build_index, digest_of

from .client import EMPTY, EMPTY_TYPE, codes, content_of

pytestmark = pytest.mark.django_db

NAME = "harbour/tools/app"
BLOB = b"a blob of some bytes" * 50
DIGEST = digest_of(BLOB)
ABSENT = f"sha256:{'0' * 64}"


# --- pull


def test_the_base_endpoint_answers_200(admin):
    answer = admin("GET", "/v2/")
    assert answer.status_code == 200
    assert answer.headers["Docker-Distribution-API-Version"] == "registry/2.0"


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_manifest_is_pulled_by_tag_and_by_digest(admin, image, method):
    admin.push(NAME, "1.0", image)
    for reference in ("1.0", image.digest):
        answer = admin(method, f"/v2/{NAME}/manifests/{reference}", Accept=OCI_MANIFEST)
        assert answer.status_code == 200
        assert answer.headers["Docker-Content-Digest"] == image.digest
        assert answer.headers["Content-Type"] == OCI_MANIFEST
        assert answer.headers["Content-Length"] == str(image.size)
        assert answer.content == (image.content if method == "GET" else b"")


@pytest.mark.parametrize("reference", ["absent", ABSENT, ".INVALID_MANIFEST_NAME", "sha256:short"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_an_absent_manifest_is_unknown(admin, image, method, reference):
    admin.push(NAME, "1.0", image)
    answer = admin(method, f"/v2/{NAME}/manifests/{reference}")
    assert answer.status_code == 404
    if method == "GET":
        assert codes(answer) == ["MANIFEST_UNKNOWN"]


def test_a_manifest_is_not_converted_to_an_accepted_type(admin, image):
    admin.push(NAME, "1.0", image)
    for accept in (OCI_INDEX, f"{OCI_INDEX}, text/html"):
        assert codes(admin("GET", f"/v2/{NAME}/manifests/1.0", Accept=accept)) == [
            "MANIFEST_UNKNOWN"
        ]
    for accept in (f"{OCI_INDEX}, {OCI_MANIFEST};q=0.5", "*/*", "application/*"):
        assert admin("GET", f"/v2/{NAME}/manifests/1.0", Accept=accept).status_code == 200


def test_a_matching_entity_tag_gets_304(admin, image):
    admin.push(NAME, "1.0", image)
    etag = admin("HEAD", f"/v2/{NAME}/manifests/1.0").headers["ETag"]
    assert admin("GET", f"/v2/{NAME}/manifests/1.0", If_None_Match=etag).status_code == 304


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_blob_is_pulled(admin, method):
    admin.push_blob(NAME, BLOB)
    answer = admin(method, f"/v2/{NAME}/blobs/{DIGEST}")
    assert answer.status_code == 200
    assert (answer.headers["Docker-Content-Digest"], answer.headers["Content-Length"]) == (
        DIGEST,
        str(len(BLOB)),
    )
    assert content_of(answer) == (BLOB if method == "GET" else b"")


@pytest.mark.parametrize(
    ("wanted", "status", "expected"),
    [
        ("bytes=0-9", 206, BLOB[:10]),
        ("bytes=10-", 206, BLOB[10:]),
        ("bytes=-7", 206, BLOB[-7:]),
        ("bytes=5-5", 206, BLOB[5:6]),
        ("bytes=990-5000", 206, BLOB[990:]),
        ("bytes=0-1,4-5", 200, BLOB),
        ("lines=1-2", 200, BLOB),
    ],
)
def test_a_part_of_a_blob_is_pulled(admin, wanted, status, expected):
    admin.push_blob(NAME, BLOB)
    answer = admin("GET", f"/v2/{NAME}/blobs/{DIGEST}", Range=wanted)
    assert answer.status_code == status
    assert content_of(answer) == expected
    assert answer.headers["Content-Length"] == str(len(expected))

    if status == 206:
        start = (
            BLOB.rindex(expected)
            if wanted.startswith("bytes=-") or wanted.startswith("bytes=990")
            else int(wanted[6:].split("-")[0])
        )
        assert (
            answer.headers["Content-Range"]
            == f"bytes {start}-{start + len(expected) - 1}/{len(BLOB)}"
        )


@pytest.mark.parametrize(
    "wanted", ["bytes=1000-", "bytes=5-4", "bytes=-0", "bytes=999999999999999999-"]
)
def test_an_empty_range_is_refused(admin, wanted):
    admin.push_blob(NAME, BLOB)
    answer = admin("GET", f"/v2/{NAME}/blobs/{DIGEST}", Range=wanted)
    assert (answer.status_code, answer.headers["Content-Range"]) == (416, f"bytes */{len(BLOB)}")


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_an_absent_blob_is_unknown(admin, method):
    admin.push_blob(NAME, BLOB)
    assert admin(method, f"/v2/{NAME}/blobs/{ABSENT}").status_code == 404
    assert admin(method, f"/v2/harbour/other/blobs/{DIGEST}").status_code == 404
    assert codes(admin("GET", f"/v2/{NAME}/blobs/{ABSENT}")) == ["BLOB_UNKNOWN"]


@pytest.mark.parametrize(
    "digest", ["sha256:short", "md5:0cc175b9c0f1b6a831c399e269772661", "sha256:" + "Z" * 64, "x"]
)
def test_a_malformed_digest_is_invalid(admin, digest):
    assert codes(admin("GET", f"/v2/{NAME}/blobs/{digest}")) == ["DIGEST_INVALID"]


# --- push


def test_a_blob_is_pushed_in_two_requests(admin):
    started = admin("POST", f"/v2/{NAME}/blobs/uploads/")
    assert started.status_code == 202
    location = started.headers["Location"]
    finished = admin("PUT", f"{location}?digest={DIGEST}", BLOB)
    assert (finished.status_code, finished.headers["Location"]) == (
        201,
        f"/v2/{NAME}/blobs/{DIGEST}",
    )
    assert content_of(admin("GET", finished.headers["Location"])) == BLOB
    assert admin("GET", location).status_code == 404


def test_a_blob_is_pushed_in_one_request(admin):
    assert admin.push_blob(NAME, BLOB).status_code == 201
    assert content_of(admin("GET", f"/v2/{NAME}/blobs/{DIGEST}")) == BLOB


def test_an_empty_blob_is_pushed(admin):
    assert admin.push_blob(NAME, b"").status_code == 201
    answer = admin("GET", f"/v2/{NAME}/blobs/{digest_of(b'')}")
    assert (answer.status_code, content_of(answer)) == (200, b"")


def test_a_blob_is_pushed_in_chunks(admin):
    location = admin("POST", f"/v2/{NAME}/blobs/uploads/").headers["Location"]
    assert admin("GET", location).headers["Range"] == "0-0"

    first = admin("PATCH", location, BLOB[:300], Content_Range="0-299")
    assert (first.status_code, first.headers["Range"]) == (202, "0-299")

    second = admin("PATCH", first.headers["Location"], BLOB[300:700], Content_Range="300-699")
    assert second.headers["Range"] == "0-699"

    state = admin("GET", location)
    assert (state.status_code, state.headers["Range"], state.headers["Location"]) == (
        204,
        "0-699",
        location,
    )

    last = admin(
        "PUT", f"{location}?digest={DIGEST}", BLOB[700:], Content_Range=f"700-{len(BLOB) - 1}"
    )
    assert last.status_code == 201
    assert content_of(admin("GET", f"/v2/{NAME}/blobs/{DIGEST}")) == BLOB


@pytest.mark.parametrize("chunk_range", ["100-199", "1-100", "500-599"])
def test_a_chunk_out_of_order_gets_416_with_the_right_range(admin, chunk_range):
    location = admin("POST", f"/v2/{NAME}/blobs/uploads/").headers["Location"]
    if chunk_range == "1-100":
        admin("PATCH", location, BLOB[:300], Content_Range="0-299")
    answer = admin("PATCH", location, BLOB[:100], Content_Range=chunk_range)
    assert (answer.status_code, codes(answer)) == (416, ["BLOB_UPLOAD_INVALID"])
    assert answer.headers["Range"] == ("0-299" if chunk_range == "1-100" else "0-0")
    assert answer.headers["Location"] == location


def test_the_first_chunk_again_is_refused(admin):
    location = admin("POST", f"/v2/{NAME}/blobs/uploads/").headers["Location"]
    admin("PATCH", location, BLOB[:300], Content_Range="0-299")
    assert admin("PATCH", location, BLOB[:300], Content_Range="0-299").status_code == 416
    assert (
        admin("PUT", f"{location}?digest={DIGEST}", BLOB[:300], Content_Range="0-299").status_code
        == 416
    )


@pytest.mark.parametrize("text", ["x", "5", "0-100", "100-0", "bytes 0-9"])
def test_a_range_of_another_length_is_refused(admin, text):
    location = admin("POST", f"/v2/{NAME}/blobs/uploads/").headers["Location"]
    assert admin("PATCH", location, BLOB[:300], Content_Range=text).status_code == 400
    assert admin("GET", location).headers["Range"] == "0-0"


def test_chunks_without_a_range_are_appended(admin):
    location = admin("POST", f"/v2/{NAME}/blobs/uploads/").headers["Location"]
    admin("PATCH", location, BLOB[:300])
    admin("PATCH", location, BLOB[300:])
    assert admin("PUT", f"{location}?digest={DIGEST}").status_code == 201


def test_a_wrong_digest_keeps_nothing(admin):
    answer = admin.push_blob(NAME, BLOB, ABSENT)
    assert (answer.status_code, codes(answer)) == (400, ["DIGEST_INVALID"])
    assert admin("HEAD", f"/v2/{NAME}/blobs/{ABSENT}").status_code == 404
    assert admin("HEAD", f"/v2/{NAME}/blobs/{DIGEST}").status_code == 404


@pytest.mark.parametrize("query", ["", "?digest=", "?digest=sha256:short"])
def test_an_upload_is_not_finished_without_a_digest(admin, query):
    location = admin("POST", f"/v2/{NAME}/blobs/uploads/").headers["Location"]
    assert codes(admin("PUT", f"{location}{query}", BLOB)) == ["DIGEST_INVALID"]


def test_an_upload_is_cancelled(admin):
    location = admin("POST", f"/v2/{NAME}/blobs/uploads/").headers["Location"]
    admin("PATCH", location, BLOB)
    assert admin("DELETE", location).status_code == 204
    for method in ("GET", "PATCH", "PUT", "DELETE"):
        answer = admin(method, f"{location}?digest={DIGEST}", b"x")
        assert (answer.status_code, codes(answer)) == (404, ["BLOB_UPLOAD_UNKNOWN"])


@pytest.mark.parametrize("key", ["6890171f-c664-45d1-92ba-6eb1b908caa3", "not-a-uuid", "%00"])
def test_an_unknown_upload_is_unknown(admin, key):
    assert codes(admin("PATCH", f"/v2/{NAME}/blobs/uploads/{key}", b"x")) == ["BLOB_UPLOAD_UNKNOWN"]


def test_a_blob_is_mounted_from_another_repository(admin):
    admin.push_blob("harbour/base", BLOB)
    answer = admin("POST", f"/v2/{NAME}/blobs/uploads/?mount={DIGEST}&from=harbour/base")
    assert (answer.status_code, answer.headers["Location"]) == (201, f"/v2/{NAME}/blobs/{DIGEST}")
    assert content_of(admin("GET", f"/v2/{NAME}/blobs/{DIGEST}")) == BLOB


@pytest.mark.parametrize(
    "query",
    [f"mount={ABSENT}&from=harbour/base", f"mount={DIGEST}&from=harbour/other", f"mount={DIGEST}"],
)
def test_a_failed_mount_begins_an_upload(admin, query):
    admin.push_blob("harbour/base", BLOB)
    answer = admin("POST", f"/v2/{NAME}/blobs/uploads/?{query}")
    assert answer.status_code == 202
    assert admin("GET", answer.headers["Location"]).status_code == 204


def test_sha512_digests_are_supported(admin):
    import hashlib

    digest = f"sha512:{hashlib.sha512(BLOB).hexdigest()}"
    assert admin.push_blob(NAME, BLOB, digest).status_code == 201
    assert content_of(admin("GET", f"/v2/{NAME}/blobs/{digest}")) == BLOB

    config = {"mediaType": EMPTY_TYPE, "digest": digest, "size": len(BLOB)}
    content = json.dumps(
        {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": config, "layers": []}
    ).encode()
    named = f"sha512:{hashlib.sha512(content).hexdigest()}"
    answer = admin.put_manifest(NAME, named, content)
    assert (answer.status_code, answer.headers["Docker-Content-Digest"]) == (201, named)
    assert admin("GET", f"/v2/{NAME}/manifests/{named}").content == content


def test_a_manifest_is_pushed_by_tag_and_found_by_digest(admin, image):
    answer = admin.push(NAME, "1.0", image)
    assert answer.headers["Location"] == f"/v2/{NAME}/manifests/{image.digest}"
    assert answer.headers["Docker-Content-Digest"] == image.digest
    assert admin("GET", answer.headers["Location"]).content == image.content


def test_a_manifest_without_layers_is_accepted(admin):
    _content, answer = admin.push_artifact(NAME, "empty", layers=[])
    assert answer.status_code == 201


def test_a_manifest_needs_its_blobs(admin, image):
    answer = admin.put_manifest(NAME, "1.0", image.content)
    assert (answer.status_code, codes(answer)) == (404, ["MANIFEST_BLOB_UNKNOWN"])
    assert admin("HEAD", f"/v2/{NAME}/manifests/1.0").status_code == 404


def test_an_index_needs_its_manifests(admin):
    index = build_index(platforms=["linux/amd64", "linux/arm64"], layer_size=500)
    for digest, content in index.blobs.items():
        admin.push_blob(NAME, content, digest)
    assert codes(admin.put_manifest(NAME, "1.0", index.content, index.media_type)) == [
        "MANIFEST_BLOB_UNKNOWN"
    ]
    admin.push(NAME, "1.0", index)
    assert admin("GET", f"/v2/{NAME}/manifests/1.0").content == index.content
    for child in index.children:
        assert admin("GET", f"/v2/{NAME}/manifests/{child.digest}").content == child.content


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"{}",
        b'{"schemaVersion":1,"fsLayers":[]}',
        b'{"layers":[],"manifests":[],"config":{}}',
    ],
)
def test_a_malformed_manifest_is_invalid(admin, content):
    answer = admin.put_manifest(NAME, "1.0", content)
    assert (answer.status_code, codes(answer)) == (400, ["MANIFEST_INVALID"])


def test_a_manifest_of_more_than_4_mib_is_too_large(admin):
    answer = admin.put_manifest(NAME, "1.0", b"{" + b" " * (4 << 20) + b"}")
    assert (answer.status_code, codes(answer)) == (413, ["MANIFEST_INVALID"])


def test_a_manifest_is_not_stored_under_another_digest(admin, image):
    admin.push(NAME, "1.0", image)
    assert codes(admin.put_manifest(NAME, ABSENT, image.content)) == ["DIGEST_INVALID"]


@pytest.mark.parametrize("tag", [".1", "-x", "a" * 129, "a b", "ä"])
def test_a_malformed_tag_is_refused(admin, image, tag):
    admin.push(NAME, "1.0", image)
    assert admin.put_manifest(NAME, tag, image.content).status_code == 400


@pytest.mark.parametrize(
    "name", ["harbour/UPPER", "harbour/a//b", "harbour/-a", "harbour", f"harbour/{'a' * 300}"]
)
def test_a_malformed_name_is_refused(admin, name):
    assert codes(admin("POST", f"/v2/{name}/blobs/uploads/")) == ["NAME_INVALID"]


# --- content discovery


def tags(answer):
    return json.loads(answer.content)["tags"]


def test_tags_are_listed_page_by_page_in_order(admin, image):
    for tag in ("b", "a", "1.10", "C", "1.9"):
        admin.push(NAME, tag, image)

    assert tags(admin("GET", f"/v2/{NAME}/tags/list")) == ["1.10", "1.9", "C", "a", "b"]

    first = admin("GET", f"/v2/{NAME}/tags/list?n=2")
    assert tags(first) == ["1.10", "1.9"]

    following = first.headers["Link"]
    assert following == f'</v2/{NAME}/tags/list?n=2&last=1.9>; rel="next"'

    second = admin("GET", following[1 : following.index(">")])
    assert tags(second) == ["C", "a"]
    assert tags(admin("GET", f"/v2/{NAME}/tags/list?n=2&last=a")) == ["b"]
    assert "Link" not in admin("GET", f"/v2/{NAME}/tags/list?n=2&last=a").headers
    assert tags(admin("GET", f"/v2/{NAME}/tags/list?last=b")) == []
    assert tags(admin("GET", f"/v2/{NAME}/tags/list?n=0")) == []
    assert "Link" not in admin("GET", f"/v2/{NAME}/tags/list?n=0").headers


@pytest.mark.parametrize(
    ("count", "status"), [("9" * 5000, 200), ("1000000", 200), ("-1", 400), ("x", 400), ("١", 400)]
)
def test_an_unusual_page_size_is_clamped_or_refused(admin, image, count, status):
    admin.push(NAME, "1.0", image)
    assert admin("GET", f"/v2/{NAME}/tags/list?n={count}").status_code == status


def test_an_unknown_repository_has_no_tags(admin):
    answer = admin("GET", "/v2/harbour/absent/tags/list")
    assert (answer.status_code, codes(answer)) == (404, ["NAME_UNKNOWN"])


def test_repositories_are_listed_page_by_page(admin, image):
    for name in ("harbour/b", "harbour/a", "harbour/a/c"):
        admin.push(name, "1.0", image)
    assert json.loads(admin("GET", "/v2/_catalog").content)["repositories"] == [
        "harbour/a",
        "harbour/a/c",
        "harbour/b",
    ]
    page = admin("GET", "/v2/_catalog?n=2")
    assert json.loads(page.content)["repositories"] == ["harbour/a", "harbour/a/c"]
    assert page.headers["Link"] == '</v2/_catalog?n=2&last=harbour%2Fa%2Fc>; rel="next"'


def subject_of(image):
    return {"mediaType": image.media_type, "digest": image.digest, "size": image.size}


def test_referrers_are_listed_and_filtered(admin, image):
    admin.push(NAME, "1.0", image)
    sbom, answer = admin.push_artifact(
        NAME, artifact_type="application/spdx", subject=subject_of(image), annotations={"a": "b"}
    )
    assert (answer.status_code, answer.headers["OCI-Subject"]) == (201, image.digest)

    signature, _answer = admin.push_artifact(
        NAME, "sig", artifact_type="application/cosign", subject=subject_of(image)
    )

    answer = admin("GET", f"/v2/{NAME}/referrers/{image.digest}")
    assert answer.headers["Content-Type"] == OCI_INDEX

    document = json.loads(answer.content)
    assert {descriptor["digest"] for descriptor in document["manifests"]} == {
        digest_of(sbom),
        digest_of(signature),
    }

    listed = next(
        descriptor
        for descriptor in document["manifests"]
        if descriptor["digest"] == digest_of(sbom)
    )
    assert listed == {
        "mediaType": OCI_MANIFEST,
        "digest": digest_of(sbom),
        "size": len(sbom),
        "artifactType": "application/spdx",
        "annotations": {"a": "b"},
    }

    filtered = admin("GET", f"/v2/{NAME}/referrers/{image.digest}?artifactType=application/cosign")
    assert filtered.headers["OCI-Filters-Applied"] == "artifactType"
    assert [descriptor["digest"] for descriptor in json.loads(filtered.content)["manifests"]] == [
        digest_of(signature)
    ]


def test_a_referrer_without_a_type_has_its_configs_type(admin, image):
    admin.push_artifact(NAME, subject=subject_of(image))
    listed = json.loads(admin("GET", f"/v2/{NAME}/referrers/{image.digest}").content)["manifests"]
    assert [descriptor["artifactType"] for descriptor in listed] == [EMPTY_TYPE]


def test_an_unknown_subject_has_no_referrers(admin, image):
    answer = admin("GET", f"/v2/{NAME}/referrers/{ABSENT}")
    assert (answer.status_code, json.loads(answer.content)["manifests"]) == (200, [])
    assert admin("GET", f"/v2/{NAME}/referrers/sha256:short").status_code == 400


def test_a_long_list_of_referrers_has_pages(admin, image, monkeypatch):
    monkeypatch.setattr("registry_ui.serving.views.discovery._REFERRERS_PAGE", 2)
    made = [
        digest_of(
            admin.push_artifact(NAME, artifact_type=f"a/{number}", subject=subject_of(image))[0]
        )
        for number in range(3)
    ]
    first = admin("GET", f"/v2/{NAME}/referrers/{image.digest}")
    second = admin("GET", first.headers["Link"].partition(">")[0][1:])
    listed = [
        descriptor["digest"]
        for answer in (first, second)
        for descriptor in json.loads(answer.content)["manifests"]
    ]
    assert listed == made
    assert "Link" not in second.headers


# --- content management


def test_deleting_a_tag_keeps_the_image(admin, image):
    admin.push(NAME, "1.0", image)
    admin.push(NAME, "1.1", image)
    assert admin("DELETE", f"/v2/{NAME}/manifests/1.0").status_code == 202
    assert admin("GET", f"/v2/{NAME}/manifests/1.0").status_code == 404
    assert admin("GET", f"/v2/{NAME}/manifests/1.1").status_code == 200
    assert tags(admin("GET", f"/v2/{NAME}/tags/list")) == ["1.1"]


def test_a_manifest_is_deleted_with_its_tags(admin, image):
    admin.push(NAME, "1.0", image)
    admin.push(NAME, "1.1", image)
    assert admin("DELETE", f"/v2/{NAME}/manifests/{image.digest}").status_code == 202
    for reference in ("1.0", "1.1", image.digest):
        assert admin("GET", f"/v2/{NAME}/manifests/{reference}").status_code == 404
    assert admin("DELETE", f"/v2/{NAME}/manifests/{image.digest}").status_code == 404
    assert admin("DELETE", f"/v2/{NAME}/manifests/1.0").status_code == 404


def test_a_manifest_that_an_index_needs_is_not_deleted(admin):
    index = build_index(platforms=["linux/amd64", "linux/arm64"], layer_size=500)
    admin.push(NAME, "1.0", index)
    child = index.children[0].digest
    assert codes(admin("DELETE", f"/v2/{NAME}/manifests/{child}")) == ["UNSUPPORTED"]
    assert admin("GET", f"/v2/{NAME}/manifests/{child}").status_code == 200
    assert admin("DELETE", f"/v2/{NAME}/manifests/{index.digest}").status_code == 202
    assert admin("DELETE", f"/v2/{NAME}/manifests/{child}").status_code == 202


def test_a_blob_is_deleted_unless_an_image_needs_it(admin, image):
    admin.push(NAME, "1.0", image)
    admin.push_blob(NAME, BLOB)
    assert admin("DELETE", f"/v2/{NAME}/blobs/{DIGEST}").status_code == 202
    assert admin("GET", f"/v2/{NAME}/blobs/{DIGEST}").status_code == 404
    assert admin("DELETE", f"/v2/{NAME}/blobs/{DIGEST}").status_code == 404
    assert codes(admin("DELETE", f"/v2/{NAME}/blobs/{image.layers[0]}")) == ["UNSUPPORTED"]


def test_a_moved_tag_leaves_the_former_image_under_its_digest(admin, image):
    other = build_image(layer_size=500)
    admin.push(NAME, "latest", image)
    admin.push(NAME, "latest", other)
    assert admin("GET", f"/v2/{NAME}/manifests/latest").content == other.content
    assert admin("GET", f"/v2/{NAME}/manifests/{image.digest}").content == image.content


# --- errors


@pytest.mark.parametrize(
    "path",
    [
        "/v2/x",
        "/v2/harbour/app/blobs/uploads/..%2f..",
        "/v2/harbour/app",
        "/v2/harbour/app/tags",
        "/v2/harbour/app/manifests/",
        "/v2//manifests/1",
        "/v2/harbour/app/uploads/",
    ],
)
def test_an_unknown_address_is_a_json_error(admin, path):
    answer = admin("GET", path)
    assert answer.status_code in (404, 405)
    assert answer.headers["Content-Type"] == "application/json"
    assert codes(answer)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"])
def test_an_unknown_method_is_a_json_error(admin, method):
    answer = admin(method, f"/v2/{NAME}/tags/list")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD")
    assert codes(answer) == ["UNSUPPORTED"]


def test_a_foreign_host_header_is_refused_in_json(admin):
    answer = admin("GET", "/v2/", Host="evil.example")
    assert (answer.status_code, answer.headers["Content-Type"]) == (400, "application/json")


def test_the_builtin_registry_can_be_switched_off(admin, settings):
    settings.SERVE_IMAGES = False
    for path in ("/v2/", "/v2/token", f"/v2/{NAME}/tags/list"):
        assert admin("GET", path).status_code == 404


def test_the_empty_blob_has_its_known_digest():
    assert (
        digest_of(EMPTY)
        == "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
    )
