"""GitHub's container registry (ghcr.io)."""

from django.utils.translation import gettext_lazy as _

from .provider import Advice, GuideLogin, Provider


class Ghcr(Provider):
    name = "ghcr"
    title = _("GitHub (GHCR)")
    icon = "brand-github"
    tagline = _("ghcr.io, GitHub's packages")
    host = "ghcr.io"
    host_patterns = ("ghcr.io",)
    username_example = "johndoe"
    username_help = _("Your GitHub user name, also for an organisation's packages.")
    secret_name = _("Personal access token (classic)")
    secret_steps = (
        _(
            "Open Settings in GitHub, then Developer settings, then Personal access tokens, "
            "then Tokens (classic)."
        ),
        _(
            "Generate one with read:packages to pull, and write:packages to push. Fine-grained "
            "tokens do not work here."
        ),
        _("Give it an expiry, and enter the same here: a warning comes in time."),
    )
    console = "https://github.com/settings/tokens"
    push_requirement = _("A package is made by the first push, private at first.")
    has_catalog = False
    no_listing_reason = _("GHCR does not tell a registry login what packages there are.")
    example = "johndoe/my-app"
    guide_login = GuideLogin(
        username=_("your GitHub name"),
        secret=_("a classic personal access token, not a fine-grained one, with"),
        before_push=_("nothing: the push makes the package, private at first"),
        code="write:packages",
    )
    requires_login_to_push = True
    advice = Advice(
        denied_push=_(
            "On GHCR the token needs the scope write:packages, and write access to a "
            "package that exists."
        ),
        denied_pull=_(
            "On GHCR private packages need a classic token with the scope read:packages."
        ),
        deletion=_(
            "GHCR deletes on GitHub's pages only: open the package's settings there, or use "
            "the Packages API."
        ),
        login=_(
            "Log in with your GitHub user name and a classic personal access token with "
            "read:packages or write:packages."
        ),
    )
