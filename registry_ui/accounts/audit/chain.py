"""The hash chain of the audit log.

Each event's hash covers the event and the hash before it. An action only inserts its event, so no
request waits for the chain; the scheduler then gives new events their position and hash
(`seal_audit_log`). `verify` finds changed, removed and inserted events.

Somebody who can rewrite the whole database can also rewrite the whole chain. Only a hash that was
noted elsewhere shows that, and `verify` compares it.
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

from ..models import AuditChainHead, AuditEvent

BATCH = 500
# The scheduler seals every few seconds; an older event without a position means that it is down.
SEALED_WITHIN = timedelta(minutes=5)
# All columns but the hash itself, `position` included: an event cannot be moved in the chain.
_FIELDS = tuple(
    field.attname for field in AuditEvent._meta.concrete_fields if field.attname != "hash"
)


class AuditChainBroken(Exception):
    """A difference between the audit log and its chain; the message names the first one."""


@dataclass(frozen=True, slots=True)
class Verification:
    """The last position and hash of an intact chain, and the number of unsealed events."""

    position: int
    hash: str
    unsealed: int


def seal_audit_log() -> int:
    """Add every committed event to the chain and return how many were added.

    Concurrent calls wait for each other at the head's row; SQLite has only one writer anyway.
    """
    sealed = 0
    while count := _seal_batch():
        sealed += count
    return sealed


def _seal_batch() -> int:
    if not AuditEvent.objects.filter(position=None).exists():
        return 0

    # Only a row that exists can be locked, and concurrent calls have to lock the same one.
    AuditChainHead.objects.get_or_create(pk=1)
    with transaction.atomic():
        head = AuditChainHead.objects.select_for_update().get(pk=1)
        # By time; the id decides between equal times.
        events = list(AuditEvent.objects.filter(position=None).order_by("at", "id")[:BATCH])
        for event in events:
            event.position = head.position = head.position + 1
            event.hash = head.hash = chain_hash(head.hash, event)

        # AuditEventQuerySet refuses updates; sealing is the only one that is allowed.
        models.QuerySet[AuditEvent](AuditEvent).bulk_update(
            events, ["position", "hash"], batch_size=100
        )
        head.save(update_fields=["position", "hash"])
    return len(events)


def chain_hash(previous: str, event: AuditEvent) -> str:
    """Return the hash of an event that follows the event with the hash `previous`."""
    return hashlib.sha256(f"{previous}\n{canonical(event)}".encode()).hexdigest()


def canonical(event: AuditEvent) -> str:
    """Return the event as text, the same in every database."""
    values = {name: _plain(name, getattr(event, name)) for name in _FIELDS}
    # Another order of the keys, or a space, would give another hash.
    return json.dumps(values, sort_keys=True, separators=(",", ":"))


def _plain(name: str, value: Any) -> Any:
    # Databases return the same time zone, precision and address in different forms.
    if value is None or isinstance(value, int):
        return value
    if name == "at":
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if name == "address":
        return ipaddress.ip_address(value).compressed
    return value if name == "details" else str(value)


def verify(checkpoint: tuple[int, str] | None = None) -> Verification:
    """Check the whole chain.

    Args:
        checkpoint: the position and the hash that an earlier check ended with.

    Raises:
        AuditChainBroken
    """
    head = AuditChainHead.objects.filter(pk=1).first() or AuditChainHead()
    # The first event follows the empty hash, with which the head begins.
    position, previous = 0, ""

    for event in _sealed(head.position):
        position += 1
        # `seal_audit_log` counts under the head's lock, so the positions have no gaps.
        if event.position != position:
            raise AuditChainBroken(_("Event %(position)d is missing.") % {"position": position})
        if event.hash != chain_hash(previous, event):
            raise AuditChainBroken(
                _("Event %(position)d, of %(at)s, was changed.")
                % {"position": position, "at": event.at.isoformat()}
            )
        previous = event.hash

        if checkpoint and checkpoint[0] == position and checkpoint[1] != previous:
            raise AuditChainBroken(
                _("Event %(position)d has another hash than the noted one.")
                % {"position": position}
            )

    _check_end(head, position, previous, checkpoint)
    return Verification(position, previous, _check_unsealed())


def _sealed(last: int) -> Iterator[AuditEvent]:
    """Return the events up to the head that was read first; others may be sealed meanwhile."""
    return (
        AuditEvent.objects.filter(position__lte=last).order_by("position").iterator(chunk_size=1000)
    )


def _check_end(
    head: AuditChainHead, position: int, previous: str, checkpoint: tuple[int, str] | None
) -> None:
    # Without the head, removing the newest events would leave an intact chain.
    if (head.position, head.hash) != (position, previous):
        raise AuditChainBroken(
            _("The trail ends at event %(position)d, and had %(head)d: the newest were taken out.")
            % {"position": position, "head": head.position}
        )

    # Events beyond the head are right if they were sealed meanwhile, which moves the head too.
    has_more = AuditEvent.objects.filter(position__gt=head.position).exists()
    if has_more and not _head_has_advanced(head):
        raise AuditChainBroken(
            _("There are events beyond the end of the chain, at %(head)d.")
            % {"head": head.position}
        )

    # Removing the newest events and changing the head too leaves an intact chain.
    if checkpoint and checkpoint[0] > position:
        raise AuditChainBroken(
            _("The trail ends at event %(position)d, before the noted one.")
            % {"position": position}
        )


def _head_has_advanced(head: AuditChainHead) -> bool:
    return AuditChainHead.objects.filter(pk=1, position__gt=head.position).exists()


def _check_unsealed() -> int:
    """Return the number of events that wait for a seal; refuse where one waits too long."""
    waiting = AuditEvent.objects.filter(position=None)

    # A short wait is normal; an event that stays outside of the chain could be changed unnoticed.
    late = waiting.filter(at__lt=timezone.now() - SEALED_WITHIN).count()
    if late:
        raise AuditChainBroken(
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
