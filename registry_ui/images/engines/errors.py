"""Errors of engines, with advice."""

from django.utils.translation import gettext as _

from registry_ui.oci.errors import OciError


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
    """Return the error for an engine's message, with advice."""
    return EngineFailed(
        _("The engine %(engine)s says: %(message)s") % {"engine": engine, "message": text[:500]},
        advice=_advice(text.lower()),
    )


def _advice(text: str) -> str:
    # Engines have no error codes, so their text is matched; the first match decides.
    advice = {
        "server gave http response to https": _(
            "The engine speaks only TLS to this registry. Its operator can name the registry "
            "under insecure-registries in daemon.json."
        ),
        "x509": _(
            "The engine does not trust the registry's certificate: put the authority's into its "
            "certs.d folder."
        ),
        "unauthorized": _(
            "The registry refused the login. Choose another credential, or test this one."
        ),
        "no basic auth credentials": _("The registry wants a login: choose a credential for it."),
        "denied": _(
            "The credential may not do this at the registry, or the repository does not exist "
            "there."
        ),
        "manifest unknown": _("The registry has no such tag: look at its tags."),
        "not found": _("The registry has no such image: check the name."),
        "no such image": _("The engine has no image of this name: look at its list."),
        "no space left": _("The engine's disk is full: remove images that nobody needs."),
        "toomanyrequests": _(
            "The registry limits how much is pulled: log in with a credential, or wait."
        ),
        "container": _("A container needs this image: remove the container first."),
        "no matching manifest": _("The image has no such platform."),
    }

    # An unknown error still has its own text, which is shown as it is.
    return next(
        (hint for key, hint in advice.items() if key in text),
        _("Look into the engine's log on its machine."),
    )
