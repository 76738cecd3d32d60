"""Any registry that follows the distribution specification; the general facts and advice."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from .provider import Advice, Provider, PushedTag

_NOTIFICATIONS = """notifications:
  endpoints:
    - name: registry-ui
      url: {address}
      headers:
        Authorization: [Bearer {secret}]
      timeout: 5s
      threshold: 5
      backoff: 30s
      ignore:
        actions: [pull]"""


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
    webhook_title = _("In distribution's configuration")
    webhook_format = _("distribution's notifications")

    def webhook_configuration(self, address: str, secret: str) -> str:
        return _NOTIFICATIONS.format(address=address, secret=secret)

    def read_webhook(self, document: Mapping[str, Any]) -> Iterator[PushedTag] | None:
        """Return the tags of distribution's notifications; other events have no tag.

        https://distribution.github.io/distribution/about/notifications/: the push of a manifest has
        its tag, that of a blob has none.
        """
        events = document.get("events")
        return _pushes(events) if isinstance(events, list) else None


def _pushes(events: list[Any]) -> Iterator[PushedTag]:
    for event in events:
        target = event.get("target") if isinstance(event, dict) else None
        if isinstance(target, dict) and event.get("action") == "push" and target.get("tag"):
            yield PushedTag(str(target.get("repository", "")), str(target["tag"]))
