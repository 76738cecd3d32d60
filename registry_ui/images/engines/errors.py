"""What an engine can answer instead of doing it, with what a person can do."""

from django.utils.translation import gettext as _

from registry_ui.oci.errors import OciError


class EngineUnknown(OciError):
    """No engine of this name for this team."""


class EngineFailed(OciError):
    """The engine said no, or broke off. Its own words are the message."""


class EngineUnreachable(EngineFailed):
    """No answer from the engine."""


class EngineImageUnknown(EngineFailed):
    """The engine has no such image."""


class EngineRefusedCall(EngineFailed):
    """A call that this program never makes."""


def failure(engine: str, words: str) -> EngineFailed:
    """What an engine says in a word stream or in an answer, with the advice that fits it."""
    return EngineFailed(
        _("The engine %(engine)s says: %(words)s") % {"engine": engine, "words": words[:500]},
        advice=_advice(words.lower()),
    )


def _advice(words: str) -> str:
    advice = {
        "server gave http response to https": _(
            "The engine speaks only TLS to this registry. Its operator can name the registry under insecure-registries in daemon.json."
        ),
        "x509": _(
            "The engine does not trust the registry's certificate: put the authority's into its certs.d folder."
        ),
        "unauthorized": _(
            "The registry refused the login. Choose another credential, or test this one."
        ),
        "no basic auth credentials": _("The registry wants a login: choose a credential for it."),
        "denied": _(
            "The credential may not do this at the registry, or the repository does not exist there."
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
    return next(
        (text for key, text in advice.items() if key in words),
        _("Look into the engine's log on its machine."),
    )
