"""Any registry that follows the distribution specification; the general facts and advice."""

from django.utils.translation import gettext_lazy as _

from .provider import Advice, Provider


class PrivateRegistry(Provider):
    name = "private"
    title = _("Private registry")
    icon = "server-2"
    tagline = _("Any other registry: Quay, GitLab, Nexus, distribution …")
    host_example = "registry.example.com:5000"
    host_help = _("The host, with its port where that is not the usual one.")
    username_example = "builder"
    username_help = _("The user, robot or deploy account of the registry.")
    secret_name = _("Token or password")
    secret_steps = (
        _(
            "Where the registry offers tokens, robot accounts or deploy tokens, make one for "
            "this team alone."
        ),
        _("Give it the least that it needs: pulling only, or pushing to your namespace."),
        _("A token can be revoked by itself; a password opens the whole account."),
    )
    has_own_network = True
    example = "my-company/my-app"
    advice = Advice(
        missing=_(
            "Check the spelling; many registries want the project, namespace or repository to be "
            "created there first."
        ),
        denied_push=_(
            "Use a credential that may push to this repository, and check that its namespace "
            "or project exists."
        ),
        denied_pull=_(
            "Check the spelling; if the repository is private, use a credential that may pull "
            "from it."
        ),
        login=_(
            "Check the username and the secret; many registries want an access token instead of "
            "the account's password."
        ),
        limit=_("Try again later, or with a credential that has a higher limit."),
        denied_deletion=_("Use a credential that may delete from this repository."),
        denied_listing=_(
            "Use a credential that may see the whole registry, or add the repositories "
            "that you need by name."
        ),
        deletion=_(
            "Deletion may be switched off: the registry's administrator can allow it "
            "(storage.delete.enabled in distribution)."
        ),
    )
