"""Docker Engines: the sentence and the advice for each code of an error."""

from django.utils.translation import gettext_lazy as _

from .text import Text

TEXTS = {
    "engine_call_refused": Text(_("The call %(call)s is not one that is made to an engine.")),
    "engine_certificate_untrusted": Text(
        _("The engine %(engine)s says: %(quote)s"),
        _(
            "The engine does not trust the registry's certificate: put the authority's into "
            "its certs.d folder."
        ),
    ),
    "engine_denied": Text(
        _("The engine %(engine)s says: %(quote)s"),
        _(
            "The credential may not do this at the registry, or the repository does not "
            "exist there."
        ),
    ),
    "engine_disk_full": Text(
        _("The engine %(engine)s says: %(quote)s"),
        _("The engine's disk is full: remove images that nobody needs."),
    ),
    "engine_failed": Text(
        _("The engine %(engine)s says: %(quote)s"), _("Look into the engine's log on its machine.")
    ),
    "engine_image_in_use": Text(
        _("The engine %(engine)s says: %(quote)s"),
        _("A container needs this image: remove the container first."),
    ),
    "engine_image_unknown": Text(
        _("The engine %(engine)s has no such image: %(quote)s"),
        _("Look at what it has: its list stands under Images."),
    ),
    "engine_login_refused": Text(
        _("The engine %(engine)s says: %(quote)s"),
        _("The registry refused the login. Choose another credential, or test this one."),
    ),
    "engine_login_wanted": Text(
        _("The engine %(engine)s says: %(quote)s"),
        _("The registry wants a login: choose a credential for it."),
    ),
    "engine_name_unknown": Text(
        _("The engine %(engine)s says: %(quote)s"),
        _("The engine has no image of this name: look at its list."),
    ),
    "engine_platform_missing": Text(
        _("The engine %(engine)s says: %(quote)s"), _("The image has no such platform.")
    ),
    "engine_rate_limited": Text(
        _("The engine %(engine)s says: %(quote)s"),
        _("The registry limits how much is pulled: log in with a credential, or wait."),
    ),
    "engine_registry_image_unknown": Text(
        _("The engine %(engine)s says: %(quote)s"),
        _("The registry has no such image: check the name."),
    ),
    "engine_registry_without_tls": Text(
        _("The engine %(engine)s says: %(quote)s"),
        _(
            "The engine speaks only TLS to this registry. Its operator can name the registry "
            "under insecure-registries in daemon.json."
        ),
    ),
    "engine_silent": Text(
        _("The engine %(engine)s says nothing any more."),
        _("Look whether it still runs, then retry."),
    ),
    "engine_tag_unknown": Text(
        _("The engine %(engine)s says: %(quote)s"),
        _("The registry has no such tag: look at its tags."),
    ),
    "engine_unknown": Text(
        _("The team %(team)s may not use an engine “%(name)s”."),
        _("The operator of this installation allows engines to teams: REGISTRY_UI_ENGINES."),
    ),
    "engine_unreachable": Text(
        _("The engine %(engine)s does not answer."),
        _(
            "Its operator can check that it runs, and that Registry UI's user may open its "
            "socket or is trusted by its certificates."
        ),
    ),
    "image_name_gone": Text(
        _("The image has no such name any more."), _("Look at its names, then choose again.")
    ),
}
