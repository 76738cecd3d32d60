"""Errors of engines."""

from registry_ui.oci.errors import OciError

# Engines have no error codes, so their text is matched; the first match decides.
_CODES = {
    "server gave http response to https": "engine_registry_without_tls",
    "x509": "engine_certificate_untrusted",
    "unauthorized": "engine_login_refused",
    "no basic auth credentials": "engine_login_wanted",
    "denied": "engine_denied",
    "manifest unknown": "engine_tag_unknown",
    "not found": "engine_registry_image_unknown",
    "no such image": "engine_name_unknown",
    "no space left": "engine_disk_full",
    "toomanyrequests": "engine_rate_limited",
    "container": "engine_image_in_use",
    "no matching manifest": "engine_platform_missing",
}


class EngineUnknown(OciError):
    """The error for a name that is no engine of the team."""


class EngineFailed(OciError):
    """The error of an engine; its message is the engine's own."""


class EngineUnreachable(EngineFailed):
    """The error for an engine that does not answer."""


class EngineImageUnknown(EngineFailed):
    """The error for an image that the engine does not have."""


class EngineRefusedCall(EngineFailed):
    """The error for a call that is never sent to an engine."""


def engine_failure(engine: str, text: str) -> EngineFailed:
    """Return the error for an engine's message."""
    lowered = text.lower()
    # An unknown error still has its own text, which is shown as it is.
    code = next((code for part, code in _CODES.items() if part in lowered), "engine_failed")
    return EngineFailed(code, engine=engine, quote=text[:500])
