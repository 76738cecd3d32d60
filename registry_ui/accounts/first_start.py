"""What the first team finds when it comes. Apps above register what they lay down; this app imports none of them."""

from collections.abc import Callable

from .models import Team, User

LayDown = Callable[[Team, User], None]

_registered: list[LayDown] = []


def register_first_gift(lay_down: LayDown) -> None:
    if lay_down not in _registered:
        _registered.append(lay_down)


def greet(team: Team, user: User) -> None:
    for lay_down in _registered:
        lay_down(team, user)
