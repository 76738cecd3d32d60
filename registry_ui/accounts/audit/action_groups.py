"""Groups of actions, for the filter and for the icon of each event."""

from dataclasses import dataclass

from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from ..models import Action


@dataclass(frozen=True, slots=True)
class Group:
    """A group of actions.

    Attributes:
        nouns: the part before the dot in the values of its actions.
    """

    key: str
    label: str | Promise
    icon: str
    nouns: tuple[str, ...]

    @property
    def actions(self) -> list[Action]:
        return [action for action in Action if group_of(action) is self]

    @property
    def condition(self) -> Q:
        return Q(action__in=[action.value for action in self.actions])


GROUPS = (
    Group("transfers", _("Transfers"), "arrows-exchange", ("transfer",)),
    Group("mirrors", _("Mirrors"), "repeat", ("mirror", "channel")),
    Group("credentials", _("Credentials and shares"), "key", ("credential", "grant")),
    Group(
        "registries",
        _("Registries and their index"),
        "server-2",
        ("registry", "index", "repository", "tag_rule"),
    ),
    Group("images", _("Local images"), "stack-2", ("image", "archive")),
    Group(
        "people",
        _("People and teams"),
        "users",
        ("person", "team", "member", "invitation", "installation", "preferences"),
    ),
    Group("tokens", _("API tokens"), "robot", ("token",)),
    Group("entry", _("Sign-in"), "login", ("session", "password", "factor", "identity")),
    Group("refusals", _("Refusals"), "lock", ("access",)),
)
# An action that no group lists still needs an icon and a place in the filter.
_OTHER = Group("other", _("Other"), "history", ())
_BY_NOUN = {noun: group for group in GROUPS for noun in group.nouns}


def group_of(action: str) -> Group:
    return _BY_NOUN.get(str(action).partition(".")[0], _OTHER)


def all_groups() -> list[Group]:
    # A group without actions would be a choice that matches nothing.
    return [group for group in (*GROUPS, _OTHER) if group.actions]
