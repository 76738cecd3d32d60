"""Where a transfer stands, in a person's words: what it does, what it waits for, how far it is, what it saved."""

from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from registry_ui.accounts.models import Team, User
from registry_ui.oci.reference import DEFAULT_NAMESPACE, DOCKER_HUB, Reference
from registry_ui.web.quantities import duration as duration_words

from .layers import Layer, LayerGroup, Segment, grouped, layers_of, picture
from .models import Kind, State, Transfer
from .queueing import TRANSFERS

_WAITING_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Step:
    number: int
    name: str
    title: str
    state: str
    word: str
    detail: str


@dataclass(frozen=True, slots=True)
class Queue:
    """What a queued transfer waits for. `visible` are those that the person may see, `others` counts the rest."""

    ahead: int
    running: int
    visible: list[Transfer]
    others: int
    trouble: str


class Situation:
    """One row as it stands now. Nothing is asked of the database before it is shown."""

    def __init__(self, transfer: Transfer) -> None:
        self.transfer = transfer
        self.position = ""

    @cached_property
    def layers(self) -> list[Layer]:
        return layers_of(self.transfer)

    @cached_property
    def groups(self) -> list[LayerGroup]:
        return grouped(self.layers)

    @cached_property
    def picture(self) -> list[Segment]:
        return picture([layer for group in self.groups for layer in group.layers])

    @property
    def phase(self) -> str:
        return str(self.transfer.progress.get("phase") or "")

    @property
    def is_paused(self) -> bool:
        return self.phase == "paused" and self.transfer.state == State.RUNNING

    @property
    def note(self) -> str:
        return str(self.transfer.progress.get("note") or "")

    @property
    def speed(self) -> int:
        """Bytes a second: of the last seconds while it runs, the average of the whole once it has ended."""
        if not self.transfer.is_terminal:
            return int(self.transfer.progress.get("speed") or 0)
        seconds = self.duration.total_seconds() if self.duration else 0
        return int(self.transfer.bytes_done / seconds) if seconds >= 1 else 0

    @property
    def seconds_left(self) -> int | None:
        left = self.transfer.progress.get("seconds_left")
        return None if self.transfer.is_terminal or self.is_paused or left is None else int(left)

    @property
    def time_left(self) -> str:
        """In whole seconds: it is an estimate. Empty while nobody knows."""
        left = self.seconds_left
        if left is None:
            return ""
        return duration_words(left) if left >= 10 else _("%(n)d s") % {"n": left}

    @property
    def duration(self) -> timedelta | None:
        """How long it has run, its waiting not counted; None before it starts."""
        transfer = self.transfer
        if transfer.started_at is None or transfer.state == State.QUEUED:
            return None
        return (transfer.finished_at or timezone.now()) - transfer.started_at

    @property
    def percent(self) -> int | None:
        """Of the bytes that have to move; None while nobody knows how many they are."""
        transfer = self.transfer
        if transfer.state == State.SUCCEEDED:
            return 100
        if not transfer.bytes_total:
            return None
        return min(transfer.bytes_done * 100 // transfer.bytes_total, 100)

    @property
    def image_size(self) -> int:
        return sum(layer.size for layer in self.layers)

    @property
    def reused(self) -> int:
        """Bytes that needed no sending."""
        return sum(layer.size for layer in self.layers if layer.is_reused)

    @property
    def reused_count(self) -> int:
        return sum(layer.is_reused for layer in self.layers)

    @property
    def layers_hidden(self) -> int:
        """Blobs that the row does not list because there are too many."""
        return max(int(self.transfer.progress.get("layer_count") or 0) - len(self.layers), 0)

    @property
    def is_stopping(self) -> bool:
        return self.transfer.state == State.RUNNING and self.transfer.cancel_requested_at is not None

    @property
    def is_retag(self) -> bool:
        return self.transfer.kind == Kind.TAG and not self.transfer.target_is_local

    @property
    def verb(self) -> str:
        return _("Retag") if self.is_retag else str(Kind(self.transfer.kind).label)

    @property
    def headline(self) -> str:
        """For the browser's tab: how far it is comes first."""
        running = not self.transfer.is_terminal and self.percent is not None
        state = f"{self.percent} %" if running else self.transfer.get_state_display()
        return f"{state} · {self.verb} {self.short_name}"

    @property
    def words(self) -> str:
        """One phrase for what happens right now; empty once it has ended."""
        if self.transfer.is_terminal:
            return ""
        if self.transfer.state == State.QUEUED:
            return _("Waiting for a worker")
        if self.is_stopping:
            return _("Stopping")
        return self._phase_words()

    def _phase_words(self) -> str:
        if self.phase == "moving":
            return _("Pulling layers") if self.transfer.kind == Kind.PULL else _("Pushing layers")
        return {
            "resolving": _("Reading the manifest"),
            "finishing": _("Writing the manifest"),
            "paused": _("Paused"),
        }.get(self.phase, _("Starting"))

    @property
    def pause_seconds(self) -> int:
        return int(self.transfer.progress.get("pause_seconds") or 0)

    @property
    def subject(self) -> Reference:
        """The name that the transfer is about: what it makes."""
        return Reference.parse(self.transfer.target)

    @property
    def short_name(self) -> str:
        return self.subject.familiar

    @property
    def tag(self) -> str:
        """What docker puts before “digest:”."""
        return self.subject.tag or self.subject.identifier

    @property
    def is_ready_to_push(self) -> bool:
        """Whether a new local name is one that can be pushed: not an official image's of Docker Hub."""
        official = self.subject.registry == DOCKER_HUB and self.subject.namespace == DEFAULT_NAMESPACE
        return self.transfer.kind == Kind.TAG and self.transfer.target_is_local and not official

    @property
    def pinned_target(self) -> str:
        return f"{self.subject.name}@{self.transfer.digest}"

    @property
    def login_words(self) -> str:
        transfer = self.transfer
        local_target = transfer.target_is_local
        credential = transfer.source_credential if local_target else transfer.target_credential
        needed = transfer.needs_source_credential if local_target else transfer.needs_target_credential
        if credential is not None:
            return str(credential)
        return _("a credential that was removed since") if needed else _("anonymous")

    @cached_property
    def steps(self) -> list[Step]:
        return [_step(number, step) for number, step in enumerate(self.transfer.progress.get("steps") or _planned(self.transfer), 1)]

    def queue_for(self, user: User) -> Queue:
        """What it waits behind, without telling anybody of another team's transfers more than that they are."""
        running, ahead = waited_for(self.transfer)
        own = [*_shown_to(user, running.order_by("started_at")), *_shown_to(user, ahead.order_by("queued_at"))]
        visible = own[:_WAITING_SHOWN]
        counts = running.count(), ahead.count()
        return Queue(running=counts[0], ahead=counts[1], visible=visible, others=sum(counts) - len(visible), trouble=TRANSFERS.trouble())


def waited_for(transfer: Transfer) -> tuple[QuerySet[Transfer], QuerySet[Transfer]]:
    """All that a queued transfer waits for, of every team: what runs now, and what was queued before it."""
    rows = Transfer.objects.all()
    return rows.filter(state=State.RUNNING), rows.filter(state=State.QUEUED, queued_at__lt=transfer.queued_at)


def _shown_to(user: User, rows: QuerySet[Transfer]) -> list[Transfer]:
    return list(rows.filter(team__in=Team.objects.visible_to(user)).defer("progress")[:_WAITING_SHOWN])


def position_words(*, running: int, ahead: int) -> str:
    """“2 transfers run, 3 wait before this one.” in as few words as the case needs."""
    runs = ngettext("%(count)d transfer runs", "%(count)d transfers run", running) % {"count": running}
    if not ahead:
        return _("%(runs)s; this one is next.") % {"runs": runs} if running else _("It is the next one.")
    waits = ngettext("%(count)d waits before this one", "%(count)d wait before this one", ahead) % {"count": ahead}
    return f"{runs}, {waits}." if running else f"{waits}."


def with_positions(rows: list[Situation]) -> list[Situation]:
    """Tell each queued row what it waits behind: two questions for all of them."""
    if any(row.transfer.state == State.QUEUED for row in rows):
        running = Transfer.objects.filter(state=State.RUNNING).count()
        queued = Transfer.objects.filter(state=State.QUEUED).order_by("queued_at").values_list("pk", flat=True)
        places = {pk: place for place, pk in enumerate(queued)}
        for row in rows:
            if row.transfer.pk in places:
                row.position = position_words(running=running, ahead=places[row.transfer.pk])
    return rows


def _planned(transfer: Transfer) -> list[dict[str, str]]:
    """The steps of a row that no worker has begun."""
    names = {Kind.PUSH: ("login", "push"), Kind.PUBLISH: ("login", "tag", "push")}.get(Kind(transfer.kind), ())
    return [{"name": name, "state": "waiting", "detail": ""} for name in names]


def _step(number: int, step: dict[str, str]) -> Step:
    titles = {"login": _("Check the login"), "tag": _("Tag with the registry's prefix"), "push": _("Push")}
    words = {"waiting": _("waiting"), "running": _("running"), "done": _("done"), "failed": _("failed")}
    state = step.get("state", "waiting")
    return Step(number, step["name"], titles.get(step["name"], step["name"]), state, words.get(state, state), step.get("detail", ""))
