"""TLS: the trusted authorities, and failed handshakes as typed errors."""

import functools
import ssl

from requests.adapters import DEFAULT_CA_BUNDLE_PATH

from .errors import TlsFailed

# OpenSSL's X509_V_ERR codes: no issuer found, or a certificate that signs itself.
_UNTRUSTED = frozenset({18, 19, 20, 21})
_WRONG_NAME = frozenset({62, 64})

# OpenSSL's reasons where the other side answers in plain HTTP.
_NOT_TLS = (
    "WRONG_VERSION_NUMBER",
    "HTTP_REQUEST",
    "RECORD_LAYER_FAILURE",
    "UNEXPECTED_MESSAGE",
    "PACKET_LENGTH_TOO_LONG",
)

# OpenSSL's reasons where the two sides have no version in common.
_TOO_OLD = ("UNSUPPORTED_PROTOCOL", "PROTOCOL_VERSION", "VERSION_TOO_LOW")


@functools.lru_cache(maxsize=32)
def context_for(ca_pem: str) -> ssl.SSLContext:
    """Return a context that verifies: the system's authorities, certifi's, and one more.

    Args:
        ca_pem: certificates in PEM, or empty.

    Raises:
        TlsFailed: `ca_pem` holds no certificate.
    """
    context = ssl.create_default_context()
    # TLS 1.0 and 1.1 are withdrawn (RFC 8996).
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # Some proxies refuse a handshake that names no protocol.
    context.set_alpn_protocols(["http/1.1"])
    # The system's store may be missing in a container; certifi's is always there.
    context.load_verify_locations(cafile=DEFAULT_CA_BUNDLE_PATH)

    if ca_pem.strip():
        try:
            context.load_verify_locations(cadata=ca_pem)
        except (ssl.SSLError, ValueError) as exc:
            raise TlsFailed("authority_certificate_unreadable") from exc
    return context


def explain_tls(failure: ssl.SSLError, location: str) -> TlsFailed:
    """Return the typed error for a failed handshake with a host, or host:port."""
    if isinstance(failure, ssl.SSLCertVerificationError):
        return _explain_certificate(failure, location)

    reason = failure.reason or ""
    if any(part in reason for part in _NOT_TLS):
        return TlsFailed("tls_not_spoken", location=location)

    if any(part in reason for part in _TOO_OLD):
        return TlsFailed("tls_too_old", location=location)

    problem = reason.lower().replace("_", " ") or None
    if "CERTIFICATE_REQUIRED" in reason or "HANDSHAKE_FAILURE" in reason:
        return TlsFailed("tls_handshake_refused", location=location, problem=problem)
    return TlsFailed(
        "tls_failed" if reason else "tls_cut_off",
        temporary=not reason,
        location=location,
        problem=problem,
    )


def _explain_certificate(failure: ssl.SSLCertVerificationError, location: str) -> TlsFailed:
    # The numbers are OpenSSL's X509_V_ERR codes.
    code = failure.verify_code
    if code in _UNTRUSTED:
        return TlsFailed("certificate_authority_unknown", location=location)

    if code == 10:
        return TlsFailed("certificate_expired", location=location)
    if code == 9:
        return TlsFailed("certificate_not_yet_valid", location=location)

    if code in _WRONG_NAME:
        return TlsFailed("certificate_for_another_host", location=location)
    return TlsFailed("certificate_not_accepted", location=location, problem=failure.verify_message)
