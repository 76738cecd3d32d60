"""The certificate of somebody's own authority, as it is pasted into a form."""

from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from registry_ui.oci.errors import OciError

SIZE_LIMIT = 64 * 1024


class InvalidCertificate(OciError):
    """Text that holds no usable certificate."""


@dataclass(frozen=True, slots=True)
class Authority:
    subject: str
    ends: datetime

    @property
    def is_over(self) -> bool:
        return self.ends <= datetime.now(UTC)


def holds_private_key(text: str) -> bool:
    return "PRIVATE KEY-----" in text


def clean_pem(text: str) -> str:
    """The certificates of the text and nothing else.

    Raises:
        InvalidCertificate: none, unreadable, or no longer valid.
    """
    certificates = _load(text)
    for authority in map(_described, certificates):
        if authority.is_over:
            words = {
                "subject": authority.subject,
                "date": date_format(authority.ends, "DATE_FORMAT"),
            }
            raise InvalidCertificate(
                _("The certificate of %(subject)s ended on %(date)s.") % words,
                advice=_("Paste the authority's present certificate."),
            )
    return "".join(certificate.public_bytes(Encoding.PEM).decode() for certificate in certificates)


def authorities_in(pem: str) -> list[Authority]:
    """What a stored text says, for a page; nothing where it cannot be read."""
    try:
        return [_described(certificate) for certificate in _load(pem)] if pem.strip() else []
    except InvalidCertificate:
        return []


def _load(text: str) -> list[x509.Certificate]:
    if len(text) > SIZE_LIMIT:
        raise InvalidCertificate(
            _("The text is longer than certificates are."),
            advice=_("Paste only the authority's certificate."),
        )
    try:
        return x509.load_pem_x509_certificates(text.strip().encode())
    except ValueError as exc:
        raise InvalidCertificate(
            _("There is no readable certificate in this text."),
            advice=_(
                "Paste it in PEM form, from -----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----, both lines included."
            ),
        ) from exc


def _described(certificate: x509.Certificate) -> Authority:
    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    subject = str(names[0].value) if names else certificate.subject.rfc4514_string()
    return Authority(subject[:200], certificate.not_valid_after_utc)
