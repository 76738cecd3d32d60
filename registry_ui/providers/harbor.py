"""Harbor, which its users install under any host name."""

from django.utils.translation import gettext_lazy as _

from .provider import Advice, Provider


class Harbor(Provider):
    name = "harbor"
    title = _("Harbor")
    icon = "anchor"
    tagline = _("A Harbor of your own, with projects and robot accounts")
    host_example = "harbor.example.com"
    host_help = _("As in the address of its web page, with no https:// and no path.")
    username_example = "robot$my-project+builder"
    username_help = _("A robot account, such as robot$project+name, or your user name.")
    secret_name = _("Robot secret or CLI secret")
    secret_steps = (
        _(
            "Open the project in Harbor, then Robot Accounts, and make one with the rights "
            "that it needs."
        ),
        _("Copy its secret: it is shown once. Its expiry belongs into this form."),
        _(
            "With single sign-on, a person's secret is the CLI secret of the user profile, not "
            "the password."
        ),
    )
    push_requirement = _(
        "The project, the first part of the name, must exist before the first push."
    )
    namespaces_label = _("Projects to list")
    namespaces_help = _("One a line. Left empty, every project that the login may see.")
    namespaces_example = "my-project"
    has_own_network = True
    example = "my-project/my-app"
    advice = Advice(
        missing=_(
            "On Harbor the project, the part before the first slash, must exist: have it created "
            "there."
        ),
        denied_push=_(
            "On Harbor the project must exist, and the account or robot needs the role "
            "Developer or push rights in it."
        ),
        denied_pull=_(
            "On Harbor a private project needs an account or robot with pull rights in it."
        ),
        denied_deletion=_(
            "On Harbor the account or robot needs the right to delete artifacts in the "
            "project, or the role Maintainer."
        ),
        login=_(
            "Log in with a user name and its CLI secret (single sign-on), or with a robot account "
            "(robot$project+name)."
        ),
    )

    def resembles_host(self, host: str) -> bool:
        # Harbor runs under any domain, but many installations have a label `harbor` in it.
        return "harbor" in host.split(".")

    def recognizes_refusal(self, host: str, text: str) -> bool:
        # Only the word "project" in its refusals tells Harbor from others under any host name.
        return "harbor" in host or "project" in text.lower()
