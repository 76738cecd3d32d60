"""Webhooks of registries: authentication, the pushed tags, and the run they cause.

A call can only start a run of its mirror.
"""

import hashlib
import hmac
import json
import secrets
from collections.abc import Iterable, Mapping

from django.db import transaction
from django.utils import timezone

from registry_ui.accounts.audit.log import record
from registry_ui.accounts.models import Action, Role, User
from registry_ui.accounts.permissions import check_role
from registry_ui.providers.catalogue import PROVIDERS
from registry_ui.providers.provider import PushedTag
from registry_ui.providers.webhooks import read_pushes as parse_pushes

from ..models import Mirror, MirrorWebhook
from ..patterns import matches_glob
from ..selection import Selection

MAX_BODY_BYTES = 1024 * 1024
SIGNATURE_HEADERS = ("X-Registry-UI-Signature-256", "X-Hub-Signature-256")
_MAX_PENDING = 100


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
        # Some registries send the entered text as it is; others put the word Bearer before it.
        # Constant time: the duration must not reveal a prefix of the secret.
        return hmac.compare_digest(token.removeprefix("Bearer ").strip().encode(), secret.encode())

    for name in SIGNATURE_HEADERS:
        signature = headers.get(name, "").removeprefix("sha256=")
        if signature:
            expected = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
            return hmac.compare_digest(signature.lower().encode(), expected.encode())

    return False


def read_pushes(body: bytes) -> list[PushedTag]:
    """Return the pushed tags of a webhook of any known registry.

    Raises:
        ValueError: the body is in no known format.
    """
    try:
        return parse_pushes(json.loads(body), PROVIDERS)
    except RecursionError as exc:
        # Deeply nested JSON exhausts the stack of the parser.
        raise ValueError("too deep") from exc


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
