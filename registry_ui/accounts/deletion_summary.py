"""The summary of a team's objects on the page that removes the team.

Upper apps register their counts here; this app imports none of them.
"""

from collections.abc import Callable, Sequence

from .models import Team

# Returns phrases such as “3 registries”; none where the team has no such objects.
Count = Callable[[Team], Sequence[str]]

_registered: list[Count] = []


def register_deletion_summary(count: Count) -> None:
    if count not in _registered:
        _registered.append(count)


def deletion_summary(team: Team) -> list[str]:
    return [phrase for count in _registered for phrase in count(team)]
