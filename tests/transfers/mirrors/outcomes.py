"""What became of a run's tags."""

from transfers.models import MirrorRun


def outcome(run: MirrorRun) -> dict[str, str]:
    """Tag → action and state."""
    return {item.tag: f"{item.action} {item.state}" for item in run.items.all()}
