import pytest
from cryptography.hazmat.primitives import serialization

from registry_ui.registries.certificates import (
    InvalidCertificate,
    authorities_in,
    clean_pem,
    holds_private_key,
)
from registry_ui.web.errors import describe
from tests.parts.certificates import make_authority, make_server_certificate
from tests.parts.error_texts import says


def test_the_certificates_are_kept_and_the_text_around_them_is_not() -> None:
    one, other = make_authority("One"), make_authority("Other")
    pem = clean_pem(f"Subject: CN=One\n{one.pem}\nsome words\n{other.pem}")
    assert pem == one.pem + other.pem
    assert [authority.subject for authority in authorities_in(pem)] == ["One", "Other"]


@pytest.mark.parametrize(
    "text",
    ["", "hello", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", "ü", "x" * 70000],
)
def test_an_invalid_certificate_is_refused_with_advice(text: str) -> None:
    with pytest.raises(InvalidCertificate) as caught:
        clean_pem(text)
    assert describe(caught.value).advice
    assert authorities_in(text) == []


def test_an_expired_one_is_refused_and_named() -> None:
    expired = make_server_certificate(make_authority(), "old.example.com", expired=True)
    with pytest.raises(InvalidCertificate, check=says(r"old\.example\.com")):
        clean_pem(expired.pem)


def test_a_private_key_is_noticed() -> None:
    key = make_authority().key
    for form in (serialization.PrivateFormat.PKCS8, serialization.PrivateFormat.TraditionalOpenSSL):
        pem = key.private_bytes(
            serialization.Encoding.PEM, form, serialization.NoEncryption()
        ).decode()
        assert holds_private_key(pem)
