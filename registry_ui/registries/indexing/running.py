"""One index run from claimed to an end state."""

from ..models import IndexRun


def run(claimed: IndexRun) -> None:
    """Run a claimed look at a registry; whatever happens, the row ends in an end state, or is another run's by then."""
    raise NotImplementedError
