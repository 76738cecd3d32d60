"""Where a transfer stands, in a person's words: what it does, how far it is, what it saved."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from registry_ui.oci.reference import DEFAULT_NAMESPACE, DOCKER_HUB, Reference
from registry_ui.registries.lending import grant_for, is_lent
from registry_ui.registries.models import Credential
from registry_ui.web.quantities import duration as duration_words

from .layers import Layer, LayerGroup, Segment, grouped, layers_of, picture
from .models import Kind, State, Transfer
from .steps import Steps


@dataclass(frozen=True, slots=True)
class Step:
    number: int
    name: str
    title: str
    state: str
    word: str
    detail: str


@dataclass(frozen=True, slots=True)
class Login:
    """How a transfer logs in at one of its ends."""

    title: str
    words: str


class Situation:
    """One row as it stands now. Nothing is asked of the database before it is shown."""

    def __init__(self, transfer: Transfer) -> None:
        self.transfer = transfer
        self.position = ""
        self.may_retry = False

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
        return self.transfer.state == State.RUNNING and self.phase == "paused"

    @property
    def paused_until(self) -> datetime | None:
        """When the pause in force is over; None where there is none, or nobody knows."""
        if not self.is_paused or not self.pause_seconds:
            return None
        return (self.transfer.heartbeat_at or timezone.now()) + timedelta(
            seconds=self.pause_seconds
        )

    @property
    def look(self) -> str:
        """The state whose icon and colour the badge has."""
        return "paused" if self.is_paused and not self.is_stopping else str(self.transfer.state)

    @property
    def label(self) -> str:
        """The badge's word: the state, or what a running one does instead of running."""
        if self.is_stopping:
            return _("Stopping")
        if not self.is_paused:
            return str(self.transfer.get_state_display())
        until = self.paused_until
        return _("Waits until %(time)s") % {"time": _clock_time(until)} if until else _("Paused")

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
        return (
            self.transfer.state == State.RUNNING and self.transfer.cancel_requested_at is not None
        )

    @property
    def is_worth_a_retry(self) -> bool:
        """A deletion is tried again only if it failed, and only while what it would delete is what the person saw."""
        if (
            self.transfer.kind == Kind.IMPORT
            and (self.transfer.error or {}).get("kind") == "InvalidArchive"
        ):
            return False  # The archive is gone, with all that was wrong with it.
        if self.transfer.kind != Kind.DELETE:
            return self.transfer.state in (State.FAILED, State.CANCELLED)
        return (
            self.transfer.state == State.FAILED
            and (self.transfer.error or {}).get("kind") != "Changed"
        )

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
            words = {
                Kind.PULL: _("Pulling layers"),
                Kind.COPY: _("Copying layers"),
                Kind.LOAD: _("Handing it to the engine"),
                Kind.SAVE: _("Fetching it from the engine"),
                Kind.IMPORT: _("Bringing the layers in"),
            }
            return words.get(Kind(self.transfer.kind), _("Pushing layers"))
        return {
            "verifying": _("Comparing every blob with its digest"),
            "resolving": _("Reading the manifest"),
            "deleting": _("Deleting"),
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
    def archive(self) -> str:
        """The file that an import reads."""
        return str(self.transfer.options.get("archive") or "")

    @property
    def imported(self) -> list[tuple[Reference, str]]:
        """The names that an import gives, each with its digest."""
        images = self.transfer.options.get("images") or []
        return [
            (Reference.parse(name), image["digest"]) for image in images for name in image["names"]
        ]

    @property
    def tag(self) -> str:
        """What docker puts before “digest:”."""
        return self.subject.tag or self.subject.identifier

    @property
    def is_ready_to_push(self) -> bool:
        """Whether a new local name is one that can be pushed: not an official image's of Docker Hub."""
        official = (
            self.subject.registry == DOCKER_HUB and self.subject.namespace == DEFAULT_NAMESPACE
        )
        return self.transfer.kind == Kind.TAG and self.transfer.target_is_local and not official

    @property
    def pinned_target(self) -> str:
        return f"{self.subject.name}@{self.transfer.digest}"

    @property
    def logins(self) -> Sequence[Login]:
        """One for each end that lies on a registry, unless both are the same."""
        transfer = self.transfer
        source = _login_words(
            transfer, transfer.source_credential, transfer.needs_source_credential
        )
        target = _login_words(
            transfer, transfer.target_credential, transfer.needs_target_credential
        )
        if transfer.kind == Kind.COPY:
            return [
                Login(_("Login at the source"), source),
                Login(_("Login at the target"), target),
            ]
        if transfer.target_is_local:
            return [] if transfer.source_is_local else [Login(_("Login"), source)]
        return [Login(_("Login"), target)]

    @property
    def lenders(self) -> Sequence[str]:
        """The teams whose credentials it logs in with, where they are not its own."""
        ends = (self.transfer.source_credential, self.transfer.target_credential)
        names = [
            str(each.team)
            for each in ends
            if each is not None and is_lent(each, self.transfer.team)
        ]
        return list(dict.fromkeys(names))

    @cached_property
    def steps(self) -> list[Step]:
        steps = self.transfer.progress.get("steps") or Steps.of(self.transfer).as_list()
        return [_step(number, step) for number, step in enumerate(steps, 1)]


def with_progress(rows: list[Situation]) -> list[Situation]:
    """Give those that run their progress, where it was deferred: one question for all of them."""
    running = [
        row.transfer
        for row in rows
        if row.transfer.state == State.RUNNING and "progress" in row.transfer.get_deferred_fields()
    ]
    if running:
        found = dict(
            Transfer.objects.filter(pk__in=[row.pk for row in running]).values_list(
                "pk", "progress"
            )
        )
        for row in running:
            row.progress = found.get(row.pk, {})
    return rows


def _clock_time(moment: datetime) -> str:
    """The time of day in the viewer's zone, with the date where that is not today's."""
    local = timezone.localtime(moment)
    return date_format(local, "H:i" if local.date() == timezone.localdate() else "j M H:i")


def _login_words(transfer: Transfer, credential: Credential | None, needed: bool) -> str:
    if credential is not None and not is_lent(credential, transfer.team):
        return str(credential)
    if credential is not None:
        # Once it is taken back, nothing more of it is told: its owner may have renamed it since.
        grant = grant_for(credential, transfer.team)
        words = {"name": str(credential), "owner": credential.team}
        is_known = grant is not None and grant.revoked_at is None
        return (
            _("%(name)s of the team %(owner)s")
            if is_known
            else _("a credential that its team shares no more")
        ) % words
    return _("a credential that was removed since") if needed else _("anonymous")


def _step(number: int, step: dict[str, str]) -> Step:
    titles = {
        "login": _("Check the login"),
        "tag": _("Tag with the registry's prefix"),
        "push": _("Push"),
        "source": _("Log in at the source"),
        "target": _("Log in at the target"),
        "copy": _("Copy"),
        "check": _("Check what it is now"),
        "delete": _("Delete"),
        "verify": _("Check the whole archive"),
        "import": _("Bring the images in"),
        "fetch": _("Fetch it from the engine"),
        "store": _("Check and keep it"),
    }
    words = {
        "waiting": _("waiting"),
        "running": _("running"),
        "done": _("done"),
        "failed": _("failed"),
    }
    state = step.get("state", "waiting")
    return Step(
        number,
        step["name"],
        titles.get(step["name"], step["name"]),
        state,
        words.get(state, state),
        step.get("detail", ""),
    )
