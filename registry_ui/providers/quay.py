"""Quay (quay.io)."""

from django.utils.translation import gettext_lazy as _

from .provider import Advice, Provider


class Quay(Provider):
    name = "quay"
    title = _("Quay")
    is_addable = False
    host_patterns = ("quay.io",)
    advice = Advice(
        denied_push=_(
            "On Quay the robot account needs write permission here, or the creator role "
            "in its organisation."
        ),
        login=_("Log in with a robot account (organisation+robot) or an encrypted password."),
    )
