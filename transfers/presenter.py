"""The texts that a page or the command line shows for a transfer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from registry_ui.credentials.models import Credential
from registry_ui.credentials.sharing import find_grant, is_from_other_team
from registry_ui.oci.reference import Reference
from registry_ui.providers.catalogue import provider_for_host
from registry_ui.web.errors import describe
from registry_ui.web.quantities import duration as duration_words

from .models import Kind, State, Transfer
from .steps import Steps
from .transfer_progress import TransferProgress


@dataclass(frozen=True, slots=True)
class Step:
    """One numbered step with its texts."""

    number: int
    name: str
    title: str
    state: str
    state_label: str
    detail: str


@dataclass(frozen=True, slots=True)
class LoginFact:
    """The login at one endpoint of a transfer."""

    title: str
    text: str


class TransferPresenter:
    """A transfer's texts; its numbers are in `progress`.

    Views set `queue_position` and `can_retry`.
    """

    def __init__(self, transfer: Transfer) -> None:
        self.transfer = transfer
        self.progress = TransferProgress(transfer)
        self.queue_position = ""
        self.can_retry = False

    @property
    def badge_state(self) -> str:
        """The state that decides the badge's icon and colour."""
        # A pause is a state of the page only: the row is running meanwhile.
        is_paused = self.progress.is_paused and not self.progress.is_stopping
        return "paused" if is_paused else str(self.transfer.state)

    @property
    def label(self) -> str:
        """The badge's text: the state, or the activity of a paused or stopping transfer."""
        # The worker stops at the next block of data, within about a second.
        if self.progress.is_stopping:
            return _("Stopping")
        if not self.progress.is_paused:
            return str(self.transfer.get_state_display())

        resumes_at = self.progress.resumes_at
        if resumes_at is None:
            return _("Paused")
        return _("Waits until %(time)s") % {"time": _format_time(resumes_at)}

    @property
    def note(self) -> str:
        progress = self.transfer.progress
        # A pause says why it waits in place of the note.
        return describe(progress.get("pause")).sentence or str(progress.get("note") or "")

    @property
    def time_left(self) -> str:
        """The estimated time in whole seconds, or an empty text while it is unknown."""
        seconds = self.progress.seconds_left
        if seconds is None:
            return ""
        # Below ten seconds the general format has a decimal place, which an estimate cannot keep.
        return duration_words(seconds) if seconds >= 10 else _("%(n)d s") % {"n": seconds}

    @property
    def is_retag(self) -> bool:
        return self.transfer.kind == Kind.TAG and not self.transfer.target_is_local

    @property
    def verb(self) -> str:
        return _("Retag") if self.is_retag else str(Kind(self.transfer.kind).label)

    @property
    def headline(self) -> str:
        """The title of the browser's tab, which begins with the percentage."""
        percent = self.progress.percent
        shows_percent = not self.transfer.is_terminal and percent is not None
        state = f"{percent} %" if shows_percent else self.transfer.get_state_display()
        return f"{state} · {self.verb} {self.short_name}"

    @property
    def activity(self) -> str:
        """The current activity, or an empty text once the transfer has ended."""
        if self.transfer.is_terminal:
            return ""
        if self.transfer.state == State.QUEUED:
            return _("Waiting for a worker")
        if self.progress.is_stopping:
            return _("Stopping")
        return self._phase_text()

    def _phase_text(self) -> str:
        phase = self.progress.phase
        if phase == "transferring":
            texts = {
                Kind.PULL: _("Pulling layers"),
                Kind.COPY: _("Copying layers"),
                Kind.LOAD: _("Handing it to the engine"),
                Kind.SAVE: _("Fetching it from the engine"),
                Kind.IMPORT: _("Bringing the layers in"),
            }
            return texts.get(Kind(self.transfer.kind), _("Pushing layers"))

        # A worker that has just claimed the row has not written a phase yet.
        return {
            "verifying": _("Comparing every blob with its digest"),
            "resolving": _("Reading the manifest"),
            "deleting": _("Deleting"),
            "finishing": _("Writing the manifest"),
            "paused": _("Paused"),
        }.get(phase, _("Starting"))

    @property
    def reference(self) -> Reference:
        """The target's reference, which the page's title shows."""
        return Reference.parse(self.transfer.target)

    @property
    def short_name(self) -> str:
        return self.reference.familiar

    @property
    def archive(self) -> str:
        """The name of the file that an import reads."""
        return str(self.transfer.options.get("archive") or "")

    @property
    def imported_images(self) -> list[tuple[Reference, str]]:
        """The references that an import creates, each with its digest."""
        images = self.transfer.options.get("images") or []
        return [
            (Reference.parse(name), image["digest"]) for image in images for name in image["names"]
        ]

    @property
    def tag(self) -> str:
        """The text that docker prints before “digest:”."""
        # A target without a tag is a digest.
        return self.reference.tag or self.reference.identifier

    @property
    def pinned_target(self) -> str:
        return f"{self.reference.name}@{self.transfer.digest}"

    @property
    def is_ready_to_push(self) -> bool:
        """Return whether the new local tag can be pushed as it is."""
        # A user cannot push to a provider's own namespace.
        provider = provider_for_host(self.reference.registry)
        is_reserved = provider.is_reserved(self.reference.repository)
        return self.transfer.kind == Kind.TAG and self.transfer.target_is_local and not is_reserved

    @property
    def logins(self) -> Sequence[LoginFact]:
        """The logins, one for each endpoint on a registry; a retag has one for both."""
        transfer = self.transfer
        source = _login_text(transfer, transfer.source_credential, transfer.needs_source_credential)
        target = _login_text(transfer, transfer.target_credential, transfer.needs_target_credential)

        # A copy alone logs in at two registries.
        if transfer.kind == Kind.COPY:
            return [
                LoginFact(_("Login at the source"), source),
                LoginFact(_("Login at the target"), target),
            ]
        if transfer.target_is_local:
            return [] if transfer.source_is_local else [LoginFact(_("Login"), source)]
        return [LoginFact(_("Login"), target)]

    @property
    def sharing_teams(self) -> Sequence[str]:
        """The names of the other teams whose credentials it uses."""
        credentials = (self.transfer.source_credential, self.transfer.target_credential)
        names = [
            str(credential.team)
            for credential in credentials
            if credential is not None and is_from_other_team(credential, self.transfer.team)
        ]
        return list(dict.fromkeys(names))

    @cached_property
    def steps(self) -> list[Step]:
        # Before a worker begins, the row has no steps: the page shows those to come.
        steps = self.transfer.progress.get("steps") or Steps.of(self.transfer).as_list()
        return [_step(number, step) for number, step in enumerate(steps, 1)]


def _format_time(timestamp: datetime) -> str:
    """Return the time of day in the user's zone, with the date unless that is today."""
    local = timezone.localtime(timestamp)
    return date_format(local, "H:i" if local.date() == timezone.localdate() else "j M H:i")


def _login_text(transfer: Transfer, credential: Credential | None, needed: bool) -> str:
    if credential is None:
        return _("a credential that was removed since") if needed else _("anonymous")
    if not is_from_other_team(credential, transfer.team):
        return str(credential)

    # A credential that is not shared any more stays unnamed: its owner may have renamed it since.
    grant = find_grant(credential, transfer.team)
    if grant is None or grant.revoked_at is not None:
        return _("a credential that its team shares no more")
    return _("%(name)s of the team %(owner)s") % {"name": credential, "owner": credential.team}


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
    labels = {
        "waiting": _("waiting"),
        "running": _("running"),
        "done": _("done"),
        "failed": _("failed"),
    }

    # An unknown name or state of an old row is shown as it is.
    state = step.get("state", "waiting")
    return Step(
        number,
        step["name"],
        titles.get(step["name"], step["name"]),
        state,
        labels.get(state, state),
        step.get("detail", ""),
    )
