"""The registry that this installation serves itself at /v2/."""

from django.utils.translation import gettext_lazy as _

from .provider import Provider


class BuiltinRegistry(Provider):
    name = "this"
    title = _("Built-in registry")
    is_addable = False
    icon = "home"
    tagline = _("The local images, served to docker, podman and every other client")
    secret_name = _("API token")
    push_requirement = _(
        "Names begin with the team's short name. A tag of a local image to such a name is all that "
        "it takes: nothing is copied."
    )
    example = "my-team/my-app"
