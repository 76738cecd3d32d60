"""Rows of mirrors and runs in any state, for tests that only read them."""

from datetime import timedelta

from django.utils import timezone

from registry_ui.registries.models import Registry, Security
from tests.parts.processes import free_port
from transfers.mirrors.models import (
    ItemAction,
    ItemState,
    Mirror,
    MirrorItem,
    MirrorRun,
    RepositoryDrift,
)
from transfers.models import State

MIB = 1024 * 1024


def registry_row(team, name, host=""):
    """Create a registry that does not answer."""
    values = {"name": name, "security": Security.PLAIN_HTTP}
    return Registry.objects.get_or_create(
        team=team, host=host or f"127.0.0.1:{free_port()}", defaults=values
    )[0]


def mirror_row(team, name="Nightly", *, source=None, target=None, **values):
    source = source or registry_row(team, "Hub", "hub.example.com")
    target = target or registry_row(team, "Company", "company.example.com")
    defaults = {
        "repositories": ["library/nginx"],
        "schedule": "0 2 * * *",
        "next_run_at": timezone.now() + timedelta(hours=3),
    }
    return Mirror.objects.create(
        team=team,
        name=name,
        source_registry=source,
        target_registry=target,
        **{**defaults, **values},
    )


def run_row(mirror, user=None, *, state=State.QUEUED, age=0, **values):
    now = timezone.now() - timedelta(seconds=age)
    ended = state in (State.SUCCEEDED, State.FAILED, State.CANCELLED)
    defaults = {
        "requested_by": user.get_username() if user else "",
        "started_at": None if state == State.QUEUED else now - timedelta(seconds=70),
        "heartbeat_at": None if state == State.QUEUED else now,
        "finished_at": now if ended else None,
    }
    run = MirrorRun.objects.create(
        team=mirror.team, mirror=mirror, user=user, state=state, **{**defaults, **values}
    )
    if age:
        MirrorRun.objects.filter(pk=run.pk).update(created_at=now)
    if ended and not run.is_plan and not run.is_local_pull:
        succeeded = {"last_success_at": now} if state == State.SUCCEEDED else {}
        Mirror.objects.filter(pk=mirror.pk).update(last_run=run, last_state=state, **succeeded)
        mirror.refresh_from_db()
    return run


def item_row(run, tag, action=ItemAction.NEW, state=ItemState.WAITING, **values):
    defaults = {"source_repository": "library/nginx", "target_repository": "library/nginx"}
    return MirrorItem.objects.create(
        run=run, tag=tag, action=action, state=state, **{**defaults, **values}
    )


def pair_row(mirror, name="library/nginx", **values):
    return RepositoryDrift.objects.create(
        mirror=mirror,
        source_repository=name,
        target_repository=name,
        compared_at=timezone.now(),
        **values,
    )
