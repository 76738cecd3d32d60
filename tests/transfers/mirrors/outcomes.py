"""The outcome of a run."""

from transfers.mirrors.models import MirrorRun


def outcome(run: MirrorRun) -> dict[str, str]:
    """Return tag → action and state."""
    return {item.tag: f"{item.action} {item.state}" for item in run.items.all()}
