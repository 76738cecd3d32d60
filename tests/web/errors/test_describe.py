"""The sentence and the advice for errors, and for what rows hold of them."""

import pytest
from django.utils import translation

from registry_ui.oci.errors import (
    BlobUnknown,
    ContentMismatch,
    Denied,
    EgressRefused,
    InvalidArchive,
    InvalidManifest,
    InvalidReference,
    OciError,
    PlatformMissing,
    RateLimited,
    StorageFull,
    Unauthorized,
)
from registry_ui.oci.reference import Reference
from registry_ui.providers.repository_lists import ListingUnavailable
from registry_ui.web.errors import ErrorText, describe
from registry_ui.web.errors.describe import TEXTS
from registry_ui.web.errors.kinds import KINDS

DIGEST = "sha256:" + "0123456789abcdef" * 4


@pytest.mark.parametrize(
    ("code", "parameters", "sentence"),
    [
        ("host_invalid", {"text": "https://x"}, "“https://x” is not a registry's host."),
        ("tag_too_long", {"tag": "x"}, "“x” is longer than 128 characters."),
        (
            "blob_cut_short",
            {"host": "r.example", "digest": DIGEST},
            "r.example cut the blob 0123456789ab short.",
        ),
        (
            "blob_length_differs",
            {"host": "r.example", "digest": DIGEST, "length": 104, "expected": 100},
            "r.example announces 104 bytes for the blob 0123456789ab; its manifest promises 100.",
        ),
        (
            "address_private",
            {"host": "r.example", "scope": "private"},
            "r.example is an address in a private network, which this installation does not "
            "connect to.",
        ),
        (
            "sent_to_refused_address",
            {"host": "r.example", "other_host": "cdn.example", "scope": "loopback"},
            "The registry r.example sends this client on to cdn.example, which is this machine "
            "itself: refused.",
        ),
        (
            "archive_member_unsafe",
            {"name": "x", "member_kind": "hard_link"},
            "The archive's member “x” is a hard link.",
        ),
        (
            "archive_document_too_large",
            {"name": "large", "limit_bytes": 4 * 1024 * 1024},
            "The archive's “large” has more than 4 MiB.",
        ),
        (
            "disk_reserve_needed",
            {
                "path": "/images",
                "needed_bytes": 12_800_000,
                "free_bytes": 512,
                "reserve_bytes": 1024**3,
            },
            "The disk with the images (/images) has too little room: 12.2 MiB are needed, 512 B "
            "are free, and 1 GiB have to stay free.",
        ),
        (
            "platform_missing",
            {"wanted": ["linux/s390x"], "offered": ["linux/amd64", "linux/arm64"]},
            "The image is not built for linux/s390x.",
        ),
        (
            "denied_push",
            {"host": "r.example", "repository": "team/app", "quote": "no rights"},
            "r.example does not let this credential push to team/app. It says: no rights.",
        ),
        (
            "denied_listing_anonymous",
            {"host": "r.example"},
            "r.example does not let an anonymous visitor list its repositories.",
        ),
        (
            "server_failed",
            {"host": "r.example", "http_status": 502},
            "The registry r.example is in trouble (status 502).",
        ),
        (
            "engine_denied",
            {"engine": "docker", "quote": "denied: no"},
            "The engine docker says: denied: no",
        ),
    ],
)
def test_the_sentence_names_the_parameters(code, parameters, sentence):
    assert describe(OciError(code, **parameters)).sentence == sentence


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.2, "for 1 second:"),
        (59, "for 59 seconds:"),
        (90, "for 2 minutes:"),
        (3600, "for 1 hour:"),
        (172_800, "for 2 days:"),
    ],
)
def test_a_wait_is_told_in_its_largest_unit(seconds, words):
    error = RateLimited("rate_limited_for", host="r.example", seconds=seconds)

    assert f"asks to slow down {words} too many requests." in describe(error).sentence


@pytest.mark.parametrize(
    ("error", "advice"),
    [
        (InvalidReference("component_upper_case", component="A", correction="a"), "Write a."),
        (
            PlatformMissing("platform_missing", wanted=["a"], offered=["linux/amd64", "b"]),
            "Choose one of its platforms: linux/amd64, b.",
        ),
        (
            Unauthorized("login_wanted", host="docker.io", location="docker.io/a"),
            "Add a credential for docker.io. Docker Hub answers like this",
        ),
        (Unauthorized("login_refused", host="ghcr.io"), "Log in with your GitHub user name"),
        (
            Denied("denied_push", host="r.example", repository="a", quote="project a not found"),
            "On Harbor the project must exist",
        ),
        (Denied("denied_push", host="r.example", repository="a"), "Use a credential that may push"),
        (
            EgressRefused("socket_address_refused", address="10.0.0.1", scope="private"),
            "Do not trust that registry",
        ),
        (ContentMismatch("blob_not_empty", digest=DIGEST), "Try again; if it happens again"),
        (InvalidArchive("archive_cut_off"), "Copy or upload the file again."),
        (StorageFull("disk_full", path="/x"), "Free some space there"),
        (BlobUnknown("archive_blob_missing", digest=DIGEST), "Try again later; if it persists"),
        (
            ListingUnavailable("listing_unavailable", provider="ghcr"),
            "Add the repositories that you need by name",
        ),
    ],
)
def test_the_advice_is_the_texts_the_providers_or_the_kinds(error, advice):
    assert describe(error).advice.startswith(advice)


def test_a_cause_is_described_within_the_sentence_and_gives_its_advice():
    cause = InvalidManifest("manifest_schema_1")
    error = InvalidManifest("image_not_movable", name="r.example/a:1", cause=cause)

    assert describe(error) == ErrorText(
        "r.example/a:1 is not an image that can be moved. The image has a schema 1 manifest, "
        "which is too old to move.",
        "Rebuild or re-push it with a current docker, then try again.",
    )


def test_a_provider_says_why_it_has_no_list():
    error = ListingUnavailable("listing_unavailable", provider="aws_ecr")

    assert describe(error).sentence.startswith("AWS ECR does not tell")


def test_what_a_row_holds_is_described_as_the_error_itself():
    with pytest.raises(InvalidReference) as caught:
        Reference.parse("https://registry.example.com/a")

    assert describe(caught.value.stored()) == describe(caught.value)
    assert str(describe(caught.value)) == (
        "“https://registry.example.com/a” is a URL, not an image reference. Leave out https:// "
        "(registry.example.com/team/app:1.0)."
    )


def test_a_sentence_in_an_event_is_shown_as_it_is():
    assert describe("The registry did not answer.") == ErrorText("The registry did not answer.")


def test_no_error_has_no_text():
    assert describe(None) == describe({}) == ErrorText("", "")
    assert str(describe(None)) == ""


def test_a_code_without_a_text_gets_the_text_of_its_kind():
    stored = {"kind": "Denied", "code": "from_the_future", "parameters": {"a": 1}}

    assert describe(stored).sentence == "This is not allowed (from_the_future)."
    assert describe(stored).advice
    assert "from_the_future" in describe({**stored, "kind": "Other"}).sentence


def test_parameters_that_do_not_fit_give_the_text_of_the_kind():
    stored = {"kind": "InvalidArchive", "code": "archive_too_large", "parameters": {}}

    assert describe(stored).sentence == "The archive cannot be used (archive_too_large)."


def test_every_text_has_a_sentence_and_every_kind_of_oci_a_general_one():
    assert all(str(text.sentence) for text in TEXTS.values())
    assert set(kinds_of(OciError)) - {"OciError"} <= set(KINDS)


def kinds_of(kind):
    yield kind.__name__
    for child in kind.__subclasses__():
        if child.__module__ == "registry_ui.oci.errors":
            yield from kinds_of(child)


def test_numbers_are_in_the_readers_language():
    error = StorageFull("disk_room_needed", path="/x", needed_bytes=1_600_000, free_bytes=0)

    with translation.override("de"):
        assert "1,5 MiB" in describe(error).sentence
