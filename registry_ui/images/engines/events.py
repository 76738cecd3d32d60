"""What an engine says while it works, layer by layer, as the progress of a transfer (Docker Engine API, "CreateImageInfo")."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from registry_ui.oci.progress import BlobState, Progress

from .calls import Event

_LAYER = re.compile(r"[0-9a-f]{12,64}")
_DIGEST = re.compile(r"\b(sha256:[0-9a-f]{64})\b")
_PUSHED = re.compile(r"digest: (sha256:[0-9a-f]{64}) size: (\d+)")
_STATES = {
    "Pulling fs layer": BlobState.WAITING,
    "Preparing": BlobState.WAITING,
    "Waiting": BlobState.WAITING,
    "Downloading": BlobState.MOVING,
    "Pushing": BlobState.MOVING,
    "Loading layer": BlobState.MOVING,
    "Verifying Checksum": BlobState.UNPACKING,
    "Download complete": BlobState.UNPACKING,
    "Extracting": BlobState.UNPACKING,
    "Pull complete": BlobState.DONE,
    "Pushed": BlobState.DONE,
    "Already exists": BlobState.EXISTS,
    "Layer already exists": BlobState.EXISTS,
    "Image already pushed, skipping": BlobState.EXISTS,
}
_MOUNTED = "Mounted from "
_RETRYING = "Retrying in "


@dataclass(slots=True)
class Outcome:
    """What the engine said in the end: the manifest's digest and its bytes after a push, the digest after a pull, names after a load."""

    digest: str = ""
    size: int = 0
    loaded: str = ""


def follow(events: Iterable[Event], progress: Progress) -> Outcome:
    """Read a stream to its end.

    Raises:
        EngineFailed: the stream tells of a failure.
    """
    outcome = Outcome()
    for event in events:
        status, layer = str(event.get("status") or ""), str(event.get("id") or "")
        if _LAYER.fullmatch(layer):
            _report(progress, layer, status, event.get("progressDetail") or {})
        elif status:
            _read_end(status, outcome)
        if isinstance(aux := event.get("aux"), dict) and aux.get("Digest"):
            outcome.digest, outcome.size = str(aux["Digest"]), int(aux.get("Size") or 0)
        if stream := str(event.get("stream") or ""):
            outcome.loaded = stream.strip() or outcome.loaded
    return outcome


def _report(progress: Progress, layer: str, status: str, detail: dict[str, object]) -> None:
    name = f"sha256:{layer}"
    if status.startswith(_MOUNTED):
        progress.report(name, BlobState.MOUNTED, origin=status.removeprefix(_MOUNTED))
        return
    if status.startswith(_RETRYING):
        progress.report(name, BlobState.WAITING)
        progress.note(f"{layer[:12]}: {status[:100]}")
        return
    state = _STATES.get(status)
    if state is None:
        return
    moves = state is BlobState.MOVING
    progress.report(
        name,
        state,
        offset=_number(detail.get("current")) if moves else None,
        size=_number(detail.get("total")) if moves else None,
    )


def _read_end(status: str, outcome: Outcome) -> None:
    """docker's last lines: `Digest: sha256:…` after a pull, `1.0: digest: sha256:… size: 1234` after a push."""
    if pushed := _PUSHED.search(status):
        outcome.digest, outcome.size = pushed[1], int(pushed[2])
    elif status.startswith("Digest: ") and (found := _DIGEST.search(status)):
        outcome.digest = found[1]


def _number(value: object) -> int | None:
    return value if isinstance(value, int) and value >= 0 else None
