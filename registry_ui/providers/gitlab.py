"""GitLab's container registry (registry.gitlab.com)."""

from django.utils.translation import gettext_lazy as _

from .provider import Advice, Provider


class GitLab(Provider):
    name = "gitlab"
    title = _("GitLab")
    is_addable = False
    host_patterns = ("registry.gitlab.com",)
    advice = Advice(
        missing=_("On GitLab the path must begin with an existing project's path."),
        denied_push=_(
            "The token needs the scope write_registry, and the role Developer in the project."
        ),
        denied_pull=_("The token needs the scope read_registry."),
        deletion=_("On GitLab delete tags in the project's container registry page."),
        login=_("Log in with your user name and a personal access token, or with a deploy token."),
    )

    def token_hosts(self, host: str) -> tuple[str, ...]:
        return ("gitlab.com",) if host == "registry.gitlab.com" else ()
