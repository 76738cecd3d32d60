"""A registry tells of a push: which tags, and whether whoever says so knows the secret. What it says starts a run, and no more."""

import hashlib
import hmac
import json
import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone

from registry_ui.accounts.models import Action, Role, User
from registry_ui.accounts.trail import record

from ..models import Mirror, MirrorHook
from ..services.rows import need_role
from .patterns import matches_glob
from .selection import Selection

LONGEST_BODY = 1024 * 1024
SIGNATURE_HEADERS = ("X-Registry-UI-Signature-256", "X-Hub-Signature-256")
_MOST_PENDING = 100
_MOST_EVENTS = 1000


@dataclass(frozen=True, slots=True)
class Pushed:
    """A tag that was pushed, and to which repository of the source."""

    repository: str
    tag: str


@transaction.atomic
def create_hook(mirror: Mirror, user: User) -> tuple[MirrorHook, str]:
    """A new secret for it, which is shown this once; the one before is no good any more.

    Raises:
        PermissionDenied
    """
    need_role(mirror.team, user, Role.ADMIN)
    secret = secrets.token_urlsafe(32)
    hook = MirrorHook.objects.filter(mirror=mirror).first() or MirrorHook(
        mirror=mirror, created_by=user
    )
    hook.set_secret(secret)
    hook.save()
    record(Action.MIRROR_HOOK_CREATED, user=user, obj=mirror)
    return hook, secret


@transaction.atomic
def remove_hook(mirror: Mirror, user: User) -> None:
    """
    Raises:
        PermissionDenied
    """
    need_role(mirror.team, user, Role.ADMIN)
    if MirrorHook.objects.filter(mirror=mirror).delete()[0]:
        record(Action.MIRROR_HOOK_REMOVED, user=user, obj=mirror)


def is_from_holder(secret: str, headers: Mapping[str, str], body: bytes) -> bool:
    """Whether the request shows the secret as a bearer token, or is signed with it (HMAC-SHA256 of the body)."""
    shown = headers.get("Authorization", "")
    if shown:
        # Harbor sends what was entered as it stands; distribution's configuration has the word Bearer written out.
        return hmac.compare_digest(shown.removeprefix("Bearer ").strip().encode(), secret.encode())
    for name in SIGNATURE_HEADERS:
        signed = headers.get(name, "").removeprefix("sha256=")
        if signed:
            return hmac.compare_digest(
                signed.lower().encode(),
                hmac.new(secret.encode(), body, hashlib.sha256).hexdigest().encode(),
            )
    return False


def read_pushes(body: bytes) -> list[Pushed]:
    """What was pushed, as distribution's notifications or Harbor's webhooks tell it.

    Raises:
        ValueError: neither of them.
    """
    try:
        document = json.loads(body)
    except RecursionError as exc:
        raise ValueError("too deep") from exc
    document = document if isinstance(document, dict) else {}
    if isinstance(document.get("events"), list):
        return list(dict.fromkeys(_of_distribution(document["events"][:_MOST_EVENTS])))
    if isinstance(document.get("event_data"), dict):
        return list(dict.fromkeys(_of_harbor(document)))
    raise ValueError("neither distribution's nor Harbor's")


def _of_distribution(events: Iterable[Any]) -> Iterator[Pushed]:
    """https://distribution.github.io/distribution/about/notifications/: a push of a manifest has its tag; of a blob it has none."""
    for event in events:
        target = event.get("target") if isinstance(event, dict) else None
        if isinstance(target, dict) and event.get("action") == "push" and target.get("tag"):
            yield Pushed(str(target.get("repository", "")), str(target["tag"]))


def _of_harbor(document: dict[str, Any]) -> Iterator[Pushed]:
    """https://goharbor.io/docs/latest/working-with-projects/project-configuration/configure-webhooks/"""
    data = document["event_data"]
    repository, resources = data.get("repository"), data.get("resources")
    if (
        document.get("type") != "PUSH_ARTIFACT"
        or not isinstance(repository, dict)
        or not isinstance(resources, list)
    ):
        return
    for resource in resources[:_MOST_EVENTS]:
        if isinstance(resource, dict) and resource.get("tag"):
            yield Pushed(str(repository.get("repo_full_name", "")), str(resource["tag"]))


def of_interest(mirror: Mirror, pushes: Iterable[Pushed]) -> list[Pushed]:
    """Those that the rule takes, as far as their names tell."""
    selection = Selection.parse(mirror.selection)
    wanted = [
        push
        for push in pushes
        if any(matches_glob(push.repository, pattern) for pattern in mirror.repositories)
    ]
    chosen = {
        choice.tag for choice in selection.by_name(push.tag for push in wanted) if choice.is_chosen
    }
    return [push for push in wanted if push.tag in chosen]


@transaction.atomic
def call(hook: MirrorHook, pushes: Iterable[Pushed]) -> bool:
    """Plan a run for what was pushed, as soon as none goes on: however many calls come until then, it is one. False where the
    rule is paused, or takes none of it."""
    hook = MirrorHook.objects.select_for_update().select_related("mirror__team").get(pk=hook.pk)
    now, mirror = timezone.now(), hook.mirror
    wanted = of_interest(mirror, pushes)
    MirrorHook.objects.filter(pk=hook.pk).update(called_at=now)
    if not wanted or mirror.paused:
        return False
    is_first = hook.due_at is None
    if is_first and mirror.next_run_at is not None and mirror.next_run_at <= now:
        return True  # The schedule's own run is about to begin, and takes it along.
    hook.pending = _together(hook, wanted)
    if mirror.next_run_at is None or mirror.next_run_at > now:
        hook.due_at = now
        Mirror.objects.filter(pk=mirror.pk).update(next_run_at=now)
    hook.save(update_fields=["pending", "due_at"])
    if is_first:
        record(Action.MIRROR_HOOK_CALLED, obj=mirror, tags=len(wanted))
    return True


def _together(hook: MirrorHook, wanted: Iterable[Pushed]) -> list[dict[str, str]]:
    """What waits with what was pushed now; empty, which is all of the rule, where that is too much to name."""
    if hook.due_at is not None and not hook.pending:
        return []
    known = [*hook.pending, *({"repository": push.repository, "tag": push.tag} for push in wanted)]
    once = list({(each["repository"], each["tag"]): each for each in known}.values())
    return once if len(once) <= _MOST_PENDING else []
