"""Docker Hub (docker.io), where short names such as nginx come from."""

from django.utils.translation import gettext_lazy as _

from registry_ui.oci.reference import DOCKER_HUB

from .provider import Advice, Provider


class DockerHub(Provider):
    name = "docker_hub"
    title = _("Docker Hub")
    icon = "brand-docker"
    tagline = _("docker.io, where short names such as nginx come from")
    host = DOCKER_HUB
    host_patterns = (DOCKER_HUB,)
    username_example = "johndoe"
    username_help = _(
        "Your Docker ID, or the organisation's name for an organisation's token. Not the "
        "e-mail address."
    )
    secret_name = _("Access token")
    secret_steps = (
        _("Sign in at Docker Hub and open Account settings, then Personal access tokens."),
        _("Generate a token: Read-only is enough to pull, pushing needs Read & Write."),
        _(
            "Copy it here. It is shown once, can be revoked by itself, and works where "
            "two-factor login is on."
        ),
    )
    console = "https://app.docker.com/settings/personal-access-tokens"
    push_requirement = _(
        "A repository is made by the first push; its name begins with your user name or your "
        "organisation."
    )
    namespaces_label = _("Namespaces to list")
    namespaces_help = _(
        "User names and organisations, one a line. Left empty, those that the team's "
        "credentials log in as."
    )
    namespaces_example = "my-company"
    example = "johndoe/my-app"
    advice = Advice(
        missing=_(
            "Check the spelling; a private repository also looks missing without a credential "
            "that may see it."
        ),
        denied_push=_(
            "On Docker Hub the part before the slash must be your user name or an "
            "organisation that you may push to, "
            "and the access token needs the permission Read & Write."
        ),
        denied_pull=_(
            "Docker Hub answers like this for a private repository and for one that does "
            "not exist: check the spelling, "
            "or use a credential that may see it."
        ),
        login=_(
            "Log in with your Docker Hub user name and a personal access token (Account "
            "settings, Personal access tokens)."
        ),
        limit=_(
            "Docker Hub limits anonymous pulls by address; sign in with a credential for a "
            "higher limit, or wait."
        ),
        denied_deletion=_(
            "On Docker Hub the access token needs the permission Read, Write & Delete."
        ),
        deletion=_(
            "Docker Hub deletes tags on its own pages only: open the repository's tags there."
        ),
    )
