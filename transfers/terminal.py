"""The output of a transfer in a terminal, in the format of docker."""

from collections.abc import Callable, Sequence

from django.utils.translation import gettext as _

from registry_ui.oci.reference import Reference
from registry_ui.web.errors import describe
from registry_ui.web.quantities import binary_size, binary_speed

from .layer_progress import Layer
from .models import Kind, State, Transfer
from .presenter import TransferPresenter

_UP = "\x1b[{}A"
_CLEAR_BELOW = "\x1b[J"
_MAX_BAR_WIDTH = 50
_MIN_BAR_WIDTH = 10
# With more layers than this the active ones are listed first.
_MAX_UNSORTED_LAYERS = 15


class Screen:
    """An output that redraws its lines in place on a terminal.

    Into a file or a pipe it writes each different line once.

    Args:
        write: writes text, line ends included.
        size: columns and rows of the terminal; None for a file or a pipe.
    """

    def __init__(self, write: Callable[[str], object], size: tuple[int, int] | None) -> None:
        self._write = write
        self._size = size
        self._drawn_lines = 0
        self._written: set[str] = set()

    @property
    def is_terminal(self) -> bool:
        return self._size is not None

    @property
    def columns(self) -> int:
        return self._size[0] if self._size else 80

    def print(self, line: str) -> None:
        """Write a line that stays above the drawn lines."""
        self._erase()
        self._write(f"{printable(line)}\n")

    def draw(self, lines: Sequence[str], *, keep: bool = False) -> None:
        """Replace the drawn lines; with `keep` draw all lines, and for the last time."""
        if self._size is None:
            self._write_new(lines)
            return

        self._erase()
        # A line that scrolls out of the terminal or wraps could not be erased any more.
        max_lines = len(lines) if keep else max(self._size[1] - 2, 1)
        shown = [printable(line)[: self.columns - 1] for line in lines[:max_lines]]
        self._write("".join(f"{line}\n" for line in shown))
        self._drawn_lines = 0 if keep else len(shown)

    def _erase(self) -> None:
        if self._drawn_lines:
            self._write(_UP.format(self._drawn_lines) + _CLEAR_BELOW)
            self._drawn_lines = 0

    def _write_new(self, lines: Sequence[str]) -> None:
        for line in lines:
            if line not in self._written:
                self._written.add(line)
                self._write(f"{printable(line)}\n")


def printable(text: str) -> str:
    """Return the text as one line without control characters."""
    # The sizes have no-break spaces, which some terminals show as a symbol.
    # A registry's error message could otherwise send escape sequences to the terminal.
    text = text.replace("\N{NO-BREAK SPACE}", " ")
    return "".join(
        character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text
    )


def opening_line(transfer: Transfer) -> str:
    """Return the first line of the output, in the format of docker."""
    source, target = Reference.parse(transfer.source), Reference.parse(transfer.target)

    # Scripts read the output of docker, so the texts for pull and push are the same.
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


def progress_lines(presenter: TransferPresenter, *, columns: int, live: bool) -> list[str]:
    """Return one line for each step and layer, and a total.

    Without `live` there is no total, and no text that changes every second.
    """
    transfer, progress = presenter.transfer, presenter.progress
    lines = [
        f"{step.title}: {step.detail or step.state_label}"
        for step in presenter.steps
        if step.state in ("done", "failed")
    ]

    # docker lists no config.
    layers = [layer for layer in progress.layers if not layer.is_config]
    if not live:
        return lines + [
            f"{layer.short_digest}: {layer.label}"
            for layer in layers
            if layer.state != "waiting" or transfer.is_terminal
        ]

    lines += [layer_line(layer, columns) for layer in _active_first(layers)]
    if progress.is_paused and presenter.note:
        lines.append(presenter.note)
    return [*lines, total_line(presenter)] if transfer.state == State.RUNNING else lines


def layer_line(layer: Layer, columns: int) -> str:
    """Return a line such as `f18232174bc9: Pulling [====>      ]  12.4 MiB/31.0 MiB`."""
    text = f"{layer.short_digest}: {layer.label}"
    if not layer.is_transferring:
        return text

    sizes = f"{binary_size(layer.offset)}/{binary_size(layer.size)}"
    # Six columns are for the brackets, the three spaces and the column that stays empty.
    width = min(columns - len(text) - len(sizes) - 6, _MAX_BAR_WIDTH)
    if width < _MIN_BAR_WIDTH:
        return f"{text} {sizes}"
    return f"{text} {progress_bar(layer.offset, layer.size, width)}  {sizes}"


def progress_bar(done: int, total: int, width: int) -> str:
    filled = min(done * width // total, width) if total else width
    # A full or an empty bar has no arrow head.
    arrow = "=" * (filled - 1) + ">" if 0 < filled < width else "=" * filled
    return f"[{arrow:<{width}}]"


def total_line(presenter: TransferPresenter) -> str:
    transfer, progress = presenter.transfer, presenter.progress
    parts = [presenter.activity]
    if progress.percent is not None and transfer.bytes_total:
        parts.append(f"{progress.percent} %")
        parts.append(f"{binary_size(transfer.bytes_done)}/{binary_size(transfer.bytes_total)}")
    if progress.speed and not progress.is_paused:
        parts.append(binary_speed(progress.speed))
    if presenter.time_left:
        parts.append(_("%(time)s left") % {"time": presenter.time_left})
    return "  ".join(parts)


def closing_lines(transfer: Transfer, *, digest: str, was_present: bool) -> list[str]:
    """Return the last lines of a successful transfer, in the format of docker.

    Args:
        digest: the reference's digest on the registry.
        was_present: the local reference pointed at this image before.
    """
    if transfer.kind == Kind.PULL:
        name = Reference.parse(transfer.source).familiar
        status = (
            _("Image is up to date for %(name)s")
            if was_present
            else _("Downloaded newer image for %(name)s")
        )
        return [f"Digest: {digest}", f"Status: {status % {'name': name}}", transfer.source]
    if transfer.kind == Kind.DELETE:
        return [_("Deleted: %(name)s") % {"name": Reference.parse(transfer.target).familiar}]
    if transfer.kind == Kind.IMPORT:
        return [
            f"{_('Loaded image')}: {name.familiar}  {digest}"
            for name, digest in TransferPresenter(transfer).imported_images
        ]
    tag = Reference.parse(transfer.target).identifier
    return [f"{tag}: digest: {digest} size: {transfer.size}"]


def failure_lines(transfer: Transfer) -> list[str]:
    """Return the cause of the failure, and advice."""
    if transfer.state == State.CANCELLED:
        if transfer.kind == Kind.DELETE:
            return [_("Cancelled.")]
        return [_("Cancelled. What has arrived stays, so the next try moves only the rest.")]

    error = describe(transfer.error)
    lines = [_("Error: %(cause)s") % {"cause": error.sentence or _("unknown")}, error.advice]
    return [printable(line) for line in lines if line]


def _active_first(layers: list[Layer]) -> list[Layer]:
    """Return the image's order, or the active layers first if a terminal cannot show all."""
    if len(layers) <= _MAX_UNSORTED_LAYERS:
        return layers
    return sorted(layers, key=lambda layer: (not layer.is_transferring, layer.is_complete))
