"""The numbers of a transfer: bytes, speed, times and layers, calculated from its row."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cached_property

from django.utils import timezone

from .layer_progress import (
    BarSegment,
    Layer,
    PlatformLayers,
    bar_segments,
    group_by_platform,
    read_layers,
)
from .models import State, Transfer


class TransferProgress:
    """A transfer's progress. It reads the row's columns only and makes no query."""

    def __init__(self, transfer: Transfer) -> None:
        self.transfer = transfer

    @property
    def phase(self) -> str:
        return str(self.transfer.progress.get("phase") or "")

    @property
    def is_stopping(self) -> bool:
        return (
            self.transfer.state == State.RUNNING and self.transfer.cancel_requested_at is not None
        )

    @property
    def is_paused(self) -> bool:
        return self.transfer.state == State.RUNNING and self.phase == "paused"

    @property
    def pause_seconds(self) -> int:
        return int(self.transfer.progress.get("pause_seconds") or 0)

    @property
    def resumes_at(self) -> datetime | None:
        """The end of the current pause, or None without a pause of known length."""
        if not self.is_paused or not self.pause_seconds:
            return None
        # The heartbeat is the time at which the worker wrote `pause_seconds`.
        return (self.transfer.heartbeat_at or timezone.now()) + timedelta(
            seconds=self.pause_seconds
        )

    @property
    def speed(self) -> int:
        """The bytes per second: of the last seconds while it runs, the average afterwards."""
        if not self.transfer.is_terminal:
            return int(self.transfer.progress.get("speed") or 0)

        seconds = self.duration.total_seconds() if self.duration else 0
        # An average over less than a second says nothing about the line.
        return int(self.transfer.bytes_done / seconds) if seconds >= 1 else 0

    @property
    def seconds_left(self) -> int | None:
        # The estimate of the worker; during a pause it would stand still.
        left = self.transfer.progress.get("seconds_left")
        return None if self.transfer.is_terminal or self.is_paused or left is None else int(left)

    @property
    def duration(self) -> timedelta | None:
        """The running time without the time in the queue, or None before the start."""
        transfer = self.transfer
        # A row that a worker gave back is queued again and keeps its old `started_at`.
        if transfer.started_at is None or transfer.state == State.QUEUED:
            return None
        return (transfer.finished_at or timezone.now()) - transfer.started_at

    @property
    def percent(self) -> int | None:
        """The share of the bytes to transfer, or None while the total is unknown."""
        transfer = self.transfer
        # A transfer that had nothing to send has no total, and is complete all the same.
        if transfer.state == State.SUCCEEDED:
            return 100
        if not transfer.bytes_total:
            return None
        return min(transfer.bytes_done * 100 // transfer.bytes_total, 100)

    @cached_property
    def layers(self) -> list[Layer]:
        return read_layers(self.transfer)

    @cached_property
    def platforms(self) -> list[PlatformLayers]:
        return group_by_platform(self.layers)

    @cached_property
    def segments(self) -> Sequence[BarSegment]:
        """The segments of the progress bar, in the order in which the page lists the layers."""
        return bar_segments([layer for group in self.platforms for layer in group.layers])

    @property
    def hidden_layer_count(self) -> int:
        """The number of blobs that the row does not list because there are too many."""
        return max(int(self.transfer.progress.get("layer_count") or 0) - len(self.layers), 0)

    @property
    def image_size(self) -> int:
        return sum(layer.size for layer in self.layers)

    @property
    def reused_size(self) -> int:
        """The bytes that the target already had."""
        return sum(layer.size for layer in self.layers if layer.is_reused)


def load_progress(transfers: Sequence[Transfer]) -> None:
    """Load the deferred `progress` of running transfers with one query for all of them."""
    running = [
        transfer
        for transfer in transfers
        if transfer.state == State.RUNNING and "progress" in transfer.get_deferred_fields()
    ]
    if not running:
        return

    rows = Transfer.objects.filter(pk__in=[transfer.pk for transfer in running])
    documents = dict(rows.values_list("pk", "progress"))
    for transfer in running:
        transfer.progress = documents.get(transfer.pk, {})
