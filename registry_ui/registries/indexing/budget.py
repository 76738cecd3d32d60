"""How far the index may go where a registry counts pulls: never so far that nobody can pull any more.

Docker Hub counts each GET of a manifest as a pull, and says with each answer how many are left; a HEAD is free.
"""

from django.utils.translation import gettext as _

from registry_ui.oci.client import RateLimit
from registry_ui.oci.errors import OciError

# A limit up to here is one for hours that people live on (Docker Hub's 100 and 200); a larger one is for minutes.
_SMALL = 1000


class Spared(OciError):
    """A manifest was not fetched, so that pulls are left for people."""


class Budget:
    """Decides of each manifest whether it may be fetched now. For one thread."""

    def __init__(self) -> None:
        self._asked = 0
        self._is_spent = False

    def take(self, limit: RateLimit | None, *, is_child: bool) -> None:
        """A manifest is to be fetched; `give_back` when it has arrived. What has begun may use half of what is kept.

        Raises:
            Spared: too few pulls are left.
        """
        if self._is_spent or (
            limit is not None
            and limit.remaining - self._asked <= _floor(limit) // (2 if is_child else 1)
        ):
            raise Spared(
                _("The registry counts pulls, and few are left: this image was not fetched."),
                advice=_("It is fetched when somebody opens it, or by a later run."),
            )
        self._asked += 1

    def give_back(self) -> None:
        self._asked -= 1

    def spend(self) -> None:
        """The registry refused: nothing more is fetched."""
        self._is_spent = True


def _floor(limit: RateLimit) -> int:
    """What is left to people: half of a small limit, a tenth of a large one."""
    return limit.limit // (2 if limit.limit <= _SMALL else 10)
