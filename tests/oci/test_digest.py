import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry_ui.oci.digest import Digest
from registry_ui.oci.errors import InvalidDigest


@given(st.binary(max_size=200), st.sampled_from(["sha256", "sha512"]))
def test_digest_survives_its_text(content, algorithm):
    digest = Digest.of(content, algorithm)
    assert Digest.parse(str(digest)) == digest
    assert str(digest) == f"{algorithm}:{hashlib.new(algorithm, content).hexdigest()}"
    hasher = digest.hasher()
    hasher.update(content)
    assert digest.matches(hasher)
    hasher.update(b"x")
    assert not digest.matches(hasher)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "sha256",
        "sha256:",
        "sha256:../../x",
        f"sha256:{'a' * 63}",
        f"sha256:{'a' * 65}",
        f"sha256:{'A' * 64}",
        f"sha256:{'g' * 64}",
        f"sha256:{'a' * 64}\n",
        f"sha256:{'a' * 60}/../",
        f"md5:{'a' * 32}",
        f"sha512:{'a' * 64}",
        f"SHA256:{'a' * 64}",
        "a" * 64,
        f" sha256:{'a' * 64}",
        f"sha256:{'١' * 64}",
    ],
)
def test_malformed_digests_are_refused(text):
    with pytest.raises(InvalidDigest):
        Digest.parse(text)


@given(st.text(max_size=150))
def test_any_text_is_a_digest_or_refused(text):
    try:
        digest = Digest.parse(text)
    except InvalidDigest:
        return
    assert str(digest) == text


def test_short_is_what_docker_shows():
    assert Digest.of(b"x").short == hashlib.sha256(b"x").hexdigest()[:12]
