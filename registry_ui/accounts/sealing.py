"""The chain over the trail: each event's hash covers the event and the hash before it.

Who acts only inserts; one sealer after the other gives the new events their places, so nobody waits for the chain. What was
changed, taken out or put in between shows at `verify`. Who can rewrite the whole database can rewrite the whole chain: against
that helps only a hash that was noted elsewhere, which `verify` compares.
"""

import hashlib
import ipaddress
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, timedelta
from typing import Any

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from .models import AuditEvent, TrailHead

BATCH = 500
# An event that is older and has no place yet: no sealer runs.
SEALED_WITHIN = timedelta(minutes=5)
_FIELDS = tuple(
    field.attname for field in AuditEvent._meta.concrete_fields if field.attname != "hash"
)


class TrailBroken(Exception):
    """The trail is not what was recorded; the message says where it goes wrong first."""


@dataclass(frozen=True, slots=True)
class Verified:
    """How far the chain is whole, and its last hash: note it elsewhere."""

    position: int
    hash: str
    unsealed: int


def seal() -> int:
    """Give every event that is committed and has no place yet its place. How many they were.

    Several at once wait for each other at the head's row; SQLite lets one writer in anyway.
    """
    sealed = 0
    while count := _seal_some():
        sealed += count
    return sealed


def _seal_some() -> int:
    if not AuditEvent.objects.filter(position=None).exists():
        return 0
    TrailHead.objects.get_or_create(pk=1)
    with transaction.atomic():
        head = TrailHead.objects.select_for_update().get(pk=1)
        events = list(AuditEvent.objects.filter(position=None).order_by("at", "id")[:BATCH])
        for event in events:
            event.position = head.position = head.position + 1
            event.hash = head.hash = link(head.hash, event)
        # Past the queryset that refuses changes: this is the one that there is.
        models.QuerySet[AuditEvent](AuditEvent).bulk_update(
            events, ["position", "hash"], batch_size=100
        )
        head.save(update_fields=["position", "hash"])
    return len(events)


def link(previous: str, event: AuditEvent) -> str:
    """The hash of an event in its place."""
    return hashlib.sha256(f"{previous}\n{canonical(event)}".encode()).hexdigest()


def canonical(event: AuditEvent) -> str:
    """The same text for the same event in every database."""
    values = {name: _plain(name, getattr(event, name)) for name in _FIELDS}
    return json.dumps(values, sort_keys=True, separators=(",", ":"))


def _plain(name: str, value: Any) -> Any:
    if value is None or isinstance(value, int):
        return value
    if name == "at":
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if name == "address":
        return ipaddress.ip_address(value).compressed
    return value if name == "details" else str(value)


def verify(noted: tuple[int, str] | None = None) -> Verified:
    """Walk the whole chain.

    Args:
        noted: the place and the hash that an earlier walk ended with.

    Raises:
        TrailBroken
    """
    head = TrailHead.objects.filter(pk=1).first() or TrailHead()
    position, previous = 0, ""
    for event in _sealed(head.position):
        position += 1
        if event.position != position:
            raise TrailBroken(_("Event %(position)d is missing.") % {"position": position})
        if event.hash != link(previous, event):
            raise TrailBroken(
                _("Event %(position)d, of %(at)s, was changed.")
                % {"position": position, "at": event.at.isoformat()}
            )
        previous = event.hash
        if noted and noted[0] == position and noted[1] != previous:
            raise TrailBroken(
                _("Event %(position)d has another hash than the noted one.")
                % {"position": position}
            )
    _check_end(head, position, previous, noted)
    return Verified(position, previous, _check_unsealed())


def _sealed(last: int) -> Iterator[AuditEvent]:
    """What is sealed while this walks comes after the head that was read first."""
    return (
        AuditEvent.objects.filter(position__lte=last).order_by("position").iterator(chunk_size=1000)
    )


def _check_end(
    head: TrailHead, position: int, previous: str, noted: tuple[int, str] | None
) -> None:
    if (head.position, head.hash) != (position, previous):
        raise TrailBroken(
            _("The trail ends at event %(position)d, and had %(head)d: the newest were taken out.")
            % {"position": position, "head": head.position}
        )
    if AuditEvent.objects.filter(position__gt=head.position).exists() and not _moved_on(head):
        raise TrailBroken(
            _("There are events beyond the end of the chain, at %(head)d.")
            % {"head": head.position}
        )
    if noted and noted[0] > position:
        raise TrailBroken(
            _("The trail ends at event %(position)d, before the noted one.")
            % {"position": position}
        )


def _moved_on(head: TrailHead) -> bool:
    return TrailHead.objects.filter(pk=1, position__gt=head.position).exists()


def _check_unsealed() -> int:
    """How many have no place yet; that is well for a moment only."""
    waiting = AuditEvent.objects.filter(position=None)
    late = waiting.filter(at__lt=timezone.now() - SEALED_WITHIN).count()
    if late:
        raise TrailBroken(
            ngettext(
                "%(count)d event is not in the chain.",
                "%(count)d events are not in the chain.",
                late,
            )
            % {"count": late}
            + " "
            + _("Does the scheduler run?")
        )
    return waiting.count()
