import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry_ui.oci.digest import Digest
from registry_ui.oci.errors import InvalidReference, OciError
from registry_ui.oci.reference import Reference, check_repository, check_tag, normalise_host
from registry_ui.web.errors import describe

DIGEST = "sha256:" + "a" * 64


@pytest.mark.parametrize(
    ("text", "registry", "repository", "tag", "implied"),
    [
        ("nginx", "docker.io", "library/nginx", "latest", {"registry", "namespace", "tag"}),
        (
            "nginx:1.27-alpine",
            "docker.io",
            "library/nginx",
            "1.27-alpine",
            {"registry", "namespace"},
        ),
        ("bitnami/redis", "docker.io", "bitnami/redis", "latest", {"registry", "tag"}),
        ("docker.io/nginx", "docker.io", "library/nginx", "latest", {"namespace", "tag"}),
        ("index.docker.io/library/nginx:1", "docker.io", "library/nginx", "1", set()),
        ("registry-1.docker.io/a/b:1", "docker.io", "a/b", "1", set()),
        ("localhost/app", "localhost", "app", "latest", {"tag"}),
        ("localhost:5000/app:v1", "localhost:5000", "app", "v1", set()),
        ("10.0.0.5:5000/a/b/c/d:v1", "10.0.0.5:5000", "a/b/c/d", "v1", set()),
        ("[::1]:5000/app:v1", "[::1]:5000", "app", "v1", set()),
        ("[2001:db8::1]/app", "[2001:db8::1]", "app", "latest", {"tag"}),
        ("Registry.Example.COM/app:V1", "registry.example.com", "app", "V1", set()),
        ("  ghcr.io/o/a:1  ", "ghcr.io", "o/a", "1", set()),
        ("app:5000", "docker.io", "library/app", "5000", {"registry", "namespace"}),
        ("a__b/c--d/e.f", "docker.io", "a__b/c--d/e.f", "latest", {"registry", "tag"}),
    ],
)
def test_references_as_docker_reads_them(text, registry, repository, tag, implied):
    reference = Reference.parse(text)
    assert (reference.registry, reference.repository, reference.tag, reference.implied) == (
        registry,
        repository,
        tag,
        implied,
    )


def test_digest_wins_over_the_tag():
    reference = Reference.parse(f"ghcr.io/o/a:1@{DIGEST}")
    assert (reference.tag, reference.digest, reference.identifier) == (
        "1",
        Digest.parse(DIGEST),
        DIGEST,
    )
    assert Reference.parse(f"nginx@{DIGEST}").tag is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "https://ghcr.io/a",
        "UPPER/case",
        "a//b",
        "/a",
        "a/",
        "a:",
        "a:-x",
        "a:" + "x" * 129,
        "a b",
        "a\nb",
        "a@sha256:abc",
        "a@",
        "ghcr.io/",
        "host:99999/a",
        "host:0/a",
        "-a",
        "a-",
        "a___b",
        "a..b",
        "../etc/passwd",
        "ghcr.io/../x",
        "a/b?c",
        "a/b#c",
        "user@host/a",
        "a:b:c",
        "[::1/app",
        "ho_st.example/app",
        "x" * 256,
        "a\u202eb",
        "é/b",
        "a%2fb",
        DIGEST,
        DIGEST.removeprefix("sha256:"),
    ],
)
def test_malformed_references_are_refused_with_advice(text):
    with pytest.raises(OciError) as caught:
        Reference.parse(text)
    assert isinstance(caught.value, ValueError)
    text = describe(caught.value)
    assert text.sentence
    assert text.advice


def test_upper_case_gets_a_correction():
    with pytest.raises(InvalidReference) as caught:
        Reference.parse("ghcr.io/Team/app")
    assert caught.value.code == "component_upper_case"
    assert caught.value.parameters == {"component": "Team", "correction": "team"}


COMPONENT = st.from_regex(r"[a-z0-9]{1,8}((\.|_|__|-{1,3})[a-z0-9]{1,8}){0,2}", fullmatch=True)
HOST = st.from_regex(r"[a-z][a-z0-9]{0,10}\.[a-z]{2,5}(:[1-9][0-9]{0,3})?", fullmatch=True)
TAG = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,20}", fullmatch=True)


@given(HOST, st.lists(COMPONENT, min_size=1, max_size=4), st.none() | TAG, st.booleans())
def test_whatever_is_written_out_is_read_back(host, components, tag, has_digest):
    digest = Digest.parse(DIGEST) if has_digest else None
    text = (
        f"{host}/{'/'.join(components)}{f':{tag}' if tag else ''}{f'@{digest}' if digest else ''}"
    )
    reference = Reference.parse(text)
    assert Reference.parse(str(reference)) == reference
    assert Reference.parse(reference.familiar) == reference
    assert (reference.repository.split("/")[-len(components) :], reference.digest) == (
        components,
        digest,
    )
    assert reference.tag == (tag or (None if digest else "latest"))


@given(st.text(max_size=300))
def test_any_text_is_a_reference_or_refused(text):
    try:
        reference = Reference.parse(text)
    except OciError:
        return
    assert Reference.parse(str(reference)) == reference
    check_repository(reference.repository)
    assert normalise_host(reference.registry) == reference.registry


def test_hostile_names_are_refused_quickly():
    started = time.thread_time()
    for hostile in (
        "a" * 100_000 + "!",
        "a-" * 50_000,
        "a." * 50_000 + "!",
        "-" * 100_000,
        "a/" * 50_000,
        "a" + "_" * 100_000,
    ):
        with pytest.raises(OciError):
            Reference.parse(hostile)
        with pytest.raises(OciError):
            normalise_host(hostile + "!")
    assert time.thread_time() - started < 8


@pytest.mark.parametrize("tag", ["latest", "v1.0", "_x", "A" * 128, "1.0-alpine_3"])
def test_good_tags(tag):
    assert check_tag(tag) == tag


@pytest.mark.parametrize("tag", ["", ".x", "-x", "a/b", "a:b", "a b", "x" * 129, "é", "a\n"])
def test_bad_tags(tag):
    with pytest.raises(InvalidReference):
        check_tag(tag)


@pytest.mark.parametrize(
    "host",
    [
        "",
        "https://x.example",
        "x.example/",
        "x.example:",
        "x.example:70000",
        "a b",
        "-x.example",
        "x_.example",
        "user@x",
        "[::1",
    ],
)
def test_bad_hosts(host):
    with pytest.raises(InvalidReference):
        normalise_host(host)
