"""How a transfer looks in a terminal: as docker prints it. Nothing here reads the database or the clock."""

from collections.abc import Callable, Sequence

from django.utils.translation import gettext as _

from registry_ui.oci.reference import Reference
from registry_ui.web.quantities import binary_size, binary_speed

from .layers import Layer
from .models import Kind, State, Transfer
from .situation import Situation

_UP = "\x1b[{}A"
_CLEAR_BELOW = "\x1b[J"
_MOST_BAR = 50
_LEAST_BAR = 10


class Screen:
    """Lines that are drawn again in place on a terminal; elsewhere only what is new is written, a line each.

    Args:
        write: takes text, line ends included.
        size: columns and rows of the terminal; None where the output is a file or a pipe.
    """

    def __init__(self, write: Callable[[str], object], size: tuple[int, int] | None) -> None:
        self._write = write
        self._size = size
        self._drawn = 0
        self._told: set[str] = set()

    @property
    def is_terminal(self) -> bool:
        return self._size is not None

    @property
    def columns(self) -> int:
        return self._size[0] if self._size else 80

    def say(self, line: str) -> None:
        """A line that stays, above whatever is drawn."""
        self._erase()
        self._write(f"{printable(line)}\n")

    def draw(self, lines: Sequence[str], *, keep: bool = False) -> None:
        """Replace what was drawn; `keep` leaves it there, whole, as the last of it."""
        if self._size is None:
            self._tell(lines)
            return
        self._erase()
        room = len(lines) if keep else max(self._size[1] - 2, 1)
        shown = [printable(line)[: self.columns - 1] for line in lines[:room]]
        self._write("".join(f"{line}\n" for line in shown))
        self._drawn = 0 if keep else len(shown)

    def _erase(self) -> None:
        if self._drawn:
            self._write(_UP.format(self._drawn) + _CLEAR_BELOW)
            self._drawn = 0

    def _tell(self, lines: Sequence[str]) -> None:
        for line in lines:
            if line not in self._told:
                self._told.add(line)
                self._write(f"{printable(line)}\n")


def printable(text: str) -> str:
    """One line that moves no cursor and changes no colour, whatever a registry sent."""
    text = text.replace("\N{NO-BREAK SPACE}", " ")
    return "".join(
        character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text
    )


def opening(transfer: Transfer) -> str:
    """The first line, as docker's pull and push have it."""
    source, target = Reference.parse(transfer.source), Reference.parse(transfer.target)
    if transfer.kind == Kind.PULL:
        return _("%(tag)s: Pulling from %(repository)s") % {
            "tag": source.identifier,
            "repository": source.repository,
        }
    if transfer.kind == Kind.COPY:
        return _("%(source)s: Copying to %(target)s") % {
            "source": source.familiar,
            "target": target.familiar,
        }
    if transfer.kind == Kind.IMPORT:
        return _("%(file)s: Importing") % {"file": printable(str(transfer.options["archive"]))}
    if transfer.kind == Kind.DELETE:
        return _("%(name)s: Deleting from %(host)s") % {
            "name": target.familiar,
            "host": target.registry,
        }
    return _("The push refers to repository [%(name)s]") % {"name": target.name}


def progress_lines(now: Situation, *, columns: int, live: bool) -> list[str]:
    """A line a layer, and while it is `live` one for the whole; without `live` only what does not change every second."""
    transfer = now.transfer
    lines = [
        _step_line(step.title, step.word, step.detail)
        for step in now.steps
        if step.state in ("done", "failed")
    ]
    layers = [layer for layer in now.layers if not layer.is_config]
    if not live:
        return lines + [
            f"{layer.short}: {layer.word}"
            for layer in layers
            if layer.state != "waiting" or transfer.is_terminal
        ]
    lines += [layer_line(layer, columns) for layer in _moving_first(layers)]
    if now.is_paused and now.note:
        lines.append(now.note)
    return [*lines, total_line(now)] if transfer.state == State.RUNNING else lines


def layer_line(layer: Layer, columns: int) -> str:
    """`f18232174bc9: Pulling [====>      ]  12.4 MiB/31.0 MiB`."""
    words = f"{layer.short}: {layer.word}"
    if not layer.is_moving:
        return words
    sizes = f"{binary_size(layer.offset)}/{binary_size(layer.size)}"
    room = columns - len(words) - len(sizes) - 6
    return (
        f"{words} {bar(layer.offset, layer.size, min(room, _MOST_BAR))}  {sizes}"
        if room >= _LEAST_BAR
        else f"{words} {sizes}"
    )


def bar(done: int, total: int, width: int) -> str:
    filled = min(done * width // total, width) if total else width
    arrow = "=" * (filled - 1) + ">" if 0 < filled < width else "=" * filled
    return f"[{arrow:<{width}}]"


def total_line(now: Situation) -> str:
    parts = [now.words]
    if now.percent is not None and now.transfer.bytes_total:
        parts.append(f"{now.percent} %")
        parts.append(
            f"{binary_size(now.transfer.bytes_done)}/{binary_size(now.transfer.bytes_total)}"
        )
    if now.speed and not now.is_paused:
        parts.append(binary_speed(now.speed))
    if now.time_left:
        parts.append(_("%(time)s left") % {"time": now.time_left})
    return "  ".join(parts)


def closing(transfer: Transfer, *, digest: str, was_here: bool) -> list[str]:
    """The last lines of one that succeeded, as docker's pull and push have them.

    Args:
        digest: what the reference points at on the registry.
        was_here: whether the local name pointed at this image before.
    """
    if transfer.kind == Kind.PULL:
        name = Reference.parse(transfer.source).familiar
        status = (
            _("Image is up to date for %(name)s")
            if was_here
            else _("Downloaded newer image for %(name)s")
        )
        return [f"Digest: {digest}", f"Status: {status % {'name': name}}", transfer.source]
    if transfer.kind == Kind.DELETE:
        return [_("Deleted: %(name)s") % {"name": Reference.parse(transfer.target).familiar}]
    if transfer.kind == Kind.IMPORT:
        return [
            f"{_('Loaded image')}: {name.familiar}  {digest}"
            for name, digest in Situation(transfer).imported
        ]
    tag = Reference.parse(transfer.target).identifier
    return [f"{tag}: digest: {digest} size: {transfer.size}"]


def failure_lines(transfer: Transfer) -> list[str]:
    """Why it did not succeed, and what to do."""
    if transfer.state == State.CANCELLED:
        if transfer.kind == Kind.DELETE:
            return [_("Cancelled.")]
        return [_("Cancelled. What has arrived stays, so the next try moves only the rest.")]
    error = transfer.error or {}
    lines = [
        _("Error: %(cause)s") % {"cause": error.get("message") or _("unknown")},
        str(error.get("advice") or ""),
    ]
    return [printable(line) for line in lines if line]


def _moving_first(layers: list[Layer]) -> list[Layer]:
    """In the image's order where that fits every terminal; what moves on top where it does not."""
    return (
        layers
        if len(layers) <= 15
        else sorted(layers, key=lambda layer: (not layer.is_moving, layer.is_there))
    )


def _step_line(title: str, word: str, detail: str) -> str:
    return f"{title}: {detail or word}"
