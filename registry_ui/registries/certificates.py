"""Certificates of private certificate authorities, pasted into a form."""

from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from registry_ui.oci.errors import OciError

# Certificate chains have a few KiB; the limit keeps the parser from very long text.
SIZE_LIMIT = 64 * 1024


class InvalidCertificate(OciError):
    """A text without a usable certificate."""


@dataclass(frozen=True, slots=True)
class Authority:
    subject: str
    expires_at: datetime

    @property
    def is_expired(self) -> bool:
        return self.expires_at <= datetime.now(UTC)


def holds_private_key(text: str) -> bool:
    return "PRIVATE KEY-----" in text


def clean_pem(text: str) -> str:
    """Return the certificates of the text without anything else that it contains.

    Raises:
        InvalidCertificate: none, unreadable, or no longer valid.
    """
    certificates = _load(text)
    for authority in map(_authority, certificates):
        if authority.is_expired:
            raise InvalidCertificate(
                "certificate_ended", subject=authority.subject, ended_date=authority.expires_at
            )

    # Written anew from the parsed certificates: private keys and comments in the text are lost.
    return "".join(certificate.public_bytes(Encoding.PEM).decode() for certificate in certificates)


def authorities_in(pem: str) -> list[Authority]:
    """Return the authorities of a stored PEM text; none if it is unreadable."""
    if not pem.strip():
        return []
    try:
        return [_authority(certificate) for certificate in _load(pem)]
    except InvalidCertificate:
        return []


def _load(text: str) -> list[x509.Certificate]:
    if len(text) > SIZE_LIMIT:
        raise InvalidCertificate("certificate_text_too_long")
    try:
        return x509.load_pem_x509_certificates(text.strip().encode())
    except ValueError as exc:
        raise InvalidCertificate("certificate_text_unreadable") from exc


def _authority(certificate: x509.Certificate) -> Authority:
    # Some authorities have no common name.
    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    subject = str(names[0].value) if names else certificate.subject.rfc4514_string()
    # Names in a certificate have no length limit, but a page has.
    return Authority(subject[:200], certificate.not_valid_after_utc)
