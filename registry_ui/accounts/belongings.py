"""What a team has, for the page that removes it. Apps above register how theirs is counted; this app imports none of them."""

from collections.abc import Callable, Sequence

from .models import Team

# Each answers with sentences such as “3 registries”; none where the team has nothing of the kind.
Count = Callable[[Team], Sequence[str]]

_registered: list[Count] = []


def register_belongings(count: Count) -> None:
    if count not in _registered:
        _registered.append(count)


def belongings_of(team: Team) -> list[str]:
    return [words for count in _registered for words in count(team)]
