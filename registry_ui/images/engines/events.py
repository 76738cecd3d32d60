"""Events of an engine as the progress of a transfer.

Docker Engine API, "CreateImageInfo" and "PushImageInfo".
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from registry_ui.oci.progress import BlobState, Progress

from .client import Event

_LAYER = re.compile(r"[0-9a-f]{12,64}")
_DIGEST = re.compile(r"\b(sha256:[0-9a-f]{64})\b")
_PUSHED = re.compile(r"digest: (sha256:[0-9a-f]{64}) size: (\d+)")
# Texts of docker and of Podman; others are ignored.
_STATES = {
    "Pulling fs layer": BlobState.WAITING,
    "Preparing": BlobState.WAITING,
    "Waiting": BlobState.WAITING,
    "Downloading": BlobState.TRANSFERRING,
    "Pushing": BlobState.TRANSFERRING,
    "Loading layer": BlobState.TRANSFERRING,
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
class EngineResult:
    """The result of a call.

    Attributes:
        digest: the manifest's digest, after a push or pull.
        size: the manifest's size in bytes, after a push.
        loaded: the loaded names, after a load.
    """

    digest: str = ""
    size: int = 0
    loaded: str = ""


def read_events(events: Iterable[Event], progress: Progress) -> EngineResult:
    """Read a stream of events to its end.

    Raises:
        EngineFailed: an event reports a failure.
    """
    result = EngineResult()
    for event in events:
        status, layer = str(event.get("status") or ""), str(event.get("id") or "")
        if _LAYER.fullmatch(layer):
            _report(progress, layer, status, event.get("progressDetail") or {})
        elif status:
            _read_final_status(status, result)

        # docker also sends the result of a push as data, in `aux`.
        if isinstance(aux := event.get("aux"), dict) and aux.get("Digest"):
            result.digest, result.size = str(aux["Digest"]), int(aux.get("Size") or 0)

        # The answer to a load is text for the terminal; its last line names the images.
        if stream := str(event.get("stream") or ""):
            result.loaded = stream.strip() or result.loaded

    return result


def _report(progress: Progress, layer: str, status: str, detail: dict[str, object]) -> None:
    name = f"sha256:{layer}"
    if status.startswith(_MOUNTED):
        progress.report(name, BlobState.MOUNTED, origin=status.removeprefix(_MOUNTED))
        return

    # The seconds count down in the status, once a second.
    if status.startswith(_RETRYING):
        progress.report(name, BlobState.WAITING)
        progress.set_note(f"{layer[:12]}: {status[:100]}")
        return

    state = _STATES.get(status)
    if state is None:
        return

    is_transferring = state is BlobState.TRANSFERRING
    progress.report(
        name,
        state,
        offset=_number(detail.get("current")) if is_transferring else None,
        size=_number(detail.get("total")) if is_transferring else None,
    )


def _read_final_status(status: str, result: EngineResult) -> None:
    """Read the digest and size from docker's final status.

    `Digest: sha256:…` after a pull, `1.0: digest: sha256:… size: 1234` after a push.
    """
    if pushed := _PUSHED.search(status):
        result.digest, result.size = pushed[1], int(pushed[2])
    elif status.startswith("Digest: ") and (digest_match := _DIGEST.search(status)):
        result.digest = digest_match[1]


def _number(value: object) -> int | None:
    return value if isinstance(value, int) and value >= 0 else None
