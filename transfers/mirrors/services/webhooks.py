"""Webhooks of registries: authentication, the pushed tags, and the run they cause.

A call can only start a run of its mirror.
"""

import hashlib
import hmac
import json
import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone

from registry_ui.accounts.audit.log import record
from registry_ui.accounts.models import Action, Role, User
from registry_ui.accounts.permissions import check_role

from ..models import Mirror, MirrorWebhook
from ..patterns import matches_glob
from ..selection import Selection

MAX_BODY_BYTES = 1024 * 1024
SIGNATURE_HEADERS = ("X-Registry-UI-Signature-256", "X-Hub-Signature-256")
_MAX_PENDING = 100
_MAX_EVENTS = 1000


@dataclass(frozen=True, slots=True)
class PushedTag:
    """A pushed tag and its repository at the source."""

    repository: str
    tag: str


@transaction.atomic
def create_webhook(mirror: Mirror, user: User) -> tuple[MirrorWebhook, str]:
    """Create the webhook of a mirror, or replace its secret, and return the new secret.

    The previous secret stops working.

    Raises:
        PermissionDenied
    """
    check_role(mirror.team, user, Role.ADMIN)
    secret = secrets.token_urlsafe(32)

    # The id stays with a new secret, so the registry keeps its address.
    webhook = MirrorWebhook.objects.filter(mirror=mirror).first() or MirrorWebhook(
        mirror=mirror, created_by=user
    )
    webhook.set_secret(secret)
    webhook.save()
    record(Action.MIRROR_WEBHOOK_CREATED, user=user, obj=mirror)
    return webhook, secret


@transaction.atomic
def remove_webhook(mirror: Mirror, user: User) -> None:
    """Remove the webhook of a mirror.

    Raises:
        PermissionDenied
    """
    check_role(mirror.team, user, Role.ADMIN)
    if MirrorWebhook.objects.filter(mirror=mirror).delete()[0]:
        record(Action.MIRROR_WEBHOOK_REMOVED, user=user, obj=mirror)


def is_authentic(secret: str, headers: Mapping[str, str], body: bytes) -> bool:
    """Return whether a request proves that its sender knows the secret.

    It shows the secret as a bearer token, or signs the body with it (HMAC-SHA256).
    """
    token = headers.get("Authorization", "")
    if token:
        # Harbor sends the entered text as it is; distribution's configuration contains the word
        # Bearer.
        # Constant time: the duration must not reveal a prefix of the secret.
        return hmac.compare_digest(token.removeprefix("Bearer ").strip().encode(), secret.encode())

    for name in SIGNATURE_HEADERS:
        signature = headers.get(name, "").removeprefix("sha256=")
        if signature:
            expected = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
            return hmac.compare_digest(signature.lower().encode(), expected.encode())

    return False


def read_pushes(body: bytes) -> list[PushedTag]:
    """Return the pushed tags of distribution's notifications or Harbor's webhook.

    Raises:
        ValueError: the body is neither of them.
    """
    try:
        document = json.loads(body)
    except RecursionError as exc:
        # Deeply nested JSON exhausts the stack of the parser.
        raise ValueError("too deep") from exc

    # A body may be any JSON value.
    document = document if isinstance(document, dict) else {}
    if isinstance(document.get("events"), list):
        return list(dict.fromkeys(_parse_distribution(document["events"][:_MAX_EVENTS])))
    if isinstance(document.get("event_data"), dict):
        return list(dict.fromkeys(_parse_harbor(document)))
    raise ValueError("neither distribution's nor Harbor's")


def _parse_distribution(events: Iterable[Any]) -> Iterator[PushedTag]:
    """Yield the tags of distribution's notifications.

    https://distribution.github.io/distribution/about/notifications/: the push of a manifest has
    its tag, that of a blob has none.
    """
    for event in events:
        target = event.get("target") if isinstance(event, dict) else None
        if isinstance(target, dict) and event.get("action") == "push" and target.get("tag"):
            yield PushedTag(str(target.get("repository", "")), str(target["tag"]))


def _parse_harbor(document: dict[str, Any]) -> Iterator[PushedTag]:
    """Yield the tags of a Harbor webhook.

    https://goharbor.io/docs/latest/working-with-projects/project-configuration/configure-webhooks/
    """
    data = document["event_data"]
    repository, resources = data.get("repository"), data.get("resources")

    # Harbor sends other events to the same address, such as finished scans.
    if (
        document.get("type") != "PUSH_ARTIFACT"
        or not isinstance(repository, dict)
        or not isinstance(resources, list)
    ):
        return

    for resource in resources[:_MAX_EVENTS]:
        if isinstance(resource, dict) and resource.get("tag"):
            yield PushedTag(str(repository.get("repo_full_name", "")), str(resource["tag"]))


def select_pushes(mirror: Mirror, pushes: Iterable[PushedTag]) -> list[PushedTag]:
    """Return the pushes that the mirror selects by their names."""
    selection = Selection.parse(mirror.selection)
    matching = [
        push
        for push in pushes
        if any(matches_glob(push.repository, pattern) for pattern in mirror.repositories)
    ]
    selected = {
        choice.tag
        for choice in selection.select_by_name(push.tag for push in matching)
        if choice.is_selected
    }

    return [push for push in matching if push.tag in selected]


@transaction.atomic
def record_call(webhook: MirrorWebhook, pushes: Iterable[PushedTag]) -> bool:
    """Schedule one run for all pushes that arrive before it starts.

    Return False where the mirror is paused or selects none of the tags.
    """
    webhook = (
        MirrorWebhook.objects.select_for_update().select_related("mirror__team").get(pk=webhook.pk)
    )
    now, mirror = timezone.now(), webhook.mirror
    matching = select_pushes(mirror, pushes)
    MirrorWebhook.objects.filter(pk=webhook.pk).update(called_at=now)

    # The call is still recorded, so that the page shows that the webhook works.
    if not matching or mirror.paused:
        return False

    is_first = webhook.due_at is None
    if is_first and mirror.next_run_at is not None and mirror.next_run_at <= now:
        return True  # The due run of the schedule covers it.

    webhook.pending = _merge_pending(webhook, matching)

    # The scheduler starts the run, as soon as no other run of the mirror is active.
    if mirror.next_run_at is None or mirror.next_run_at > now:
        webhook.due_at = now
        Mirror.objects.filter(pk=mirror.pk).update(next_run_at=now)

    webhook.save(update_fields=["pending", "due_at"])

    # One audit entry per run, not per push: registries send bursts of notifications.
    if is_first:
        record(Action.MIRROR_WEBHOOK_CALLED, obj=mirror, tags=len(matching))

    return True


def _merge_pending(webhook: MirrorWebhook, matching: Iterable[PushedTag]) -> list[dict[str, str]]:
    """Return the pending tags with the new ones added.

    An empty list stands for the whole mirror, where there are too many to name.
    """
    # The waiting run covers the whole mirror already.
    if webhook.due_at is not None and not webhook.pending:
        return []
    entries = [
        *webhook.pending,
        *({"repository": push.repository, "tag": push.tag} for push in matching),
    ]
    unique = list({(entry["repository"], entry["tag"]): entry for entry in entries}.values())
    return unique if len(unique) <= _MAX_PENDING else []
