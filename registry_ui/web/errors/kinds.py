"""The general sentences about kinds of errors: for codes without a text of their own."""

from django.utils.translation import gettext_lazy as _

from .text import Text

_RESPONSE_ADVICE = _("Try again later; if it persists, tell the registry's administrator.")
_CONNECTION_ADVICE = _("Try again; if it persists, check the registry and the network.")
_DISK_ADVICE = _("Look into the system's log for a fault of the disk.")

UNKNOWN = Text(_("This failed for a reason that has no text (%(code)s)."), "")
"""For a kind that is not in the table."""

KINDS = {
    "InvalidReference": Text(_("This is no valid name (%(code)s)."), ""),
    "InvalidDigest": Text(_("This is no valid digest (%(code)s)."), ""),
    "InvalidManifest": Text(
        _("The manifest is not valid (%(code)s)."),
        _("Have the image built and pushed there anew with a current tool, then try again."),
    ),
    "InvalidArchive": Text(
        _("The archive cannot be used (%(code)s)."),
        _("Nothing of it was kept. Have the archive made and brought here anew."),
    ),
    "ContentMismatch": Text(
        _("The content is not what its digest or its size promises (%(code)s)."),
        _(
            "Try again; if it happens again, the image is damaged at its source and has to be "
            "pushed there anew."
        ),
    ),
    "PlatformMissing": Text(_("The image has no such platform (%(code)s)."), ""),
    "Cancelled": Text(_("It was cancelled (%(code)s)."), ""),
    "StorageError": Text(_("The disk with the images failed (%(code)s)."), _DISK_ADVICE),
    "StorageFull": Text(_("The disk with the images is full (%(code)s)."), _DISK_ADVICE),
    "ConnectionFailed": Text(_("The connection failed (%(code)s)."), _CONNECTION_ADVICE),
    "HostUnknown": Text(_("The host is not known (%(code)s)."), _CONNECTION_ADVICE),
    "ConnectionTimeout": Text(_("The answer took too long (%(code)s)."), _CONNECTION_ADVICE),
    "TlsFailed": Text(_("The TLS connection failed (%(code)s)."), _CONNECTION_ADVICE),
    "EgressRefused": Text(
        _("This installation does not connect there (%(code)s)."),
        _("Do not trust that registry before its administrator has explained this."),
    ),
    "ResponseError": Text(
        _("The registry gave an unexpected answer (%(code)s)."), _RESPONSE_ADVICE
    ),
    "NotARegistry": Text(_("This host is not a registry (%(code)s)."), _RESPONSE_ADVICE),
    "Unauthorized": Text(_("The registry wants another login (%(code)s)."), _RESPONSE_ADVICE),
    "Denied": Text(_("This is not allowed (%(code)s)."), _RESPONSE_ADVICE),
    "NotFound": Text(_("The registry does not have this (%(code)s)."), _RESPONSE_ADVICE),
    "RepositoryUnknown": Text(
        _("The registry has no such repository (%(code)s)."), _RESPONSE_ADVICE
    ),
    "ManifestUnknown": Text(_("There is no such image (%(code)s)."), _RESPONSE_ADVICE),
    "BlobUnknown": Text(_("There is no such blob (%(code)s)."), _RESPONSE_ADVICE),
    "Unsupported": Text(_("The registry does not offer this (%(code)s)."), _RESPONSE_ADVICE),
    "RangeRefused": Text(
        _("The registry and this client disagree on what was sent (%(code)s)."), _RESPONSE_ADVICE
    ),
    "RateLimited": Text(_("The registry asks to slow down (%(code)s)."), _RESPONSE_ADVICE),
    "ServerFailed": Text(_("The registry is in trouble (%(code)s)."), _RESPONSE_ADVICE),
}
