"""Demo mirrors: several states, runs, a dry run, drift, and a notification channel."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils import timezone

from registry_ui.images.models import LocalImage
from registry_ui.notifications.models import NotificationChannel
from registry_ui.oci.errors import BlobUnknown, Unauthorized
from registry_ui.registries.models import Registry
from tests.transfers.mirrors.rows import MIB, item_row, mirror_row, pair_row, run_row
from tests.transfers.rows import layer
from transfers.mirrors.models import (
    ItemAction,
    ItemState,
    Mirror,
    MirrorRun,
    MirrorWebhook,
    VerificationResult,
)
from transfers.models import State

_DIGEST = "sha256:" + "4f" * 32


@dataclass
class DemoMirrors:
    """The rows of the demo mirrors that tests refer to."""

    mirror: Mirror
    late: Mirror
    channel: NotificationChannel
    runs: dict[str, MirrorRun]


def create_demo_mirrors(team: Any, user: Any, source: Registry, target: Registry) -> DemoMirrors:
    mirror = mirror_row(
        team,
        "Shop, nightly",
        source=source,
        target=target,
        repositories=["shop/*", "tools/builder", "library/nginx"],
        naming={"kind": "prefix", "prefix": "mirror/company"},
        selection={"versions": ">=1.27 <2", "prereleases": False, "newest": 3, "per": "minor"},
    )
    late = mirror_row(
        team,
        "Base images",
        source=source,
        target=None,
        repositories=["library/debian"],
        schedule="0 * * * *",
        last_success_at=timezone.now() - timedelta(days=2),
    )
    Mirror.objects.filter(pk=late.pk).update(
        target_registry=None, created_at=timezone.now() - timedelta(days=9)
    )
    channel = NotificationChannel(
        team=team,
        name="Operators",
        scheme="slack",
        created_by=user,
        failed_at=timezone.now() - timedelta(hours=2),
    )
    channel.set_address("slack://not/a/secret")
    channel.save()
    channel.mirrors.add(mirror)
    webhook = MirrorWebhook(mirror=mirror, created_by=user)
    webhook.set_secret("not-a-real-secret")
    webhook.save()

    for number, name in enumerate(("shop/app", "shop/worker", "library/nginx", "tools/builder")):
        state: dict[str, Any] = [
            {},
            {"missing": 4, "differing": 2},
            {"extra": 3},
            {"failed": 1, "missing": 1},
        ][number]
        pair = pair_row(mirror, name, up_to_date=40 + number, verified_at=timezone.now(), **state)
        type(pair).objects.filter(pk=pair.pk).update(target_repository=f"mirror/company/{name}")

    return DemoMirrors(mirror, late, channel, _runs(mirror, late, user))


def _runs(mirror: Mirror, late: Mirror, user: Any) -> dict[str, MirrorRun]:
    counts = {
        "new": 3,
        "changed": 1,
        "up_to_date": 96,
        "skipped": 2,
        "extra": 1,
        "repositories": 4,
        "unselected": 210,
    }
    plan = run_row(
        mirror,
        user,
        state=State.SUCCEEDED,
        age=7200,
        is_plan=True,
        bytes_total=420 * MIB,
        totals={**counts, "new_repositories": 1, "pulls": 4},
    )
    _items(plan)
    done = {"state": State.SUCCEEDED, "bytes_done": 310 * MIB, "bytes_total": 310 * MIB}
    succeeded = run_row(
        mirror, None, age=90000, trigger="schedule", totals={**counts, "done": 4}, **done
    )
    failed = run_row(
        mirror,
        None,
        state=State.FAILED,
        age=3600,
        trigger="schedule",
        bytes_done=9 * MIB,
        totals={**counts, "done": 3, "failed": 1},
    )
    _items(failed)
    error = Unauthorized("login_refused", host=late.source_registry.host).stored()
    refused = run_row(late, None, state=State.FAILED, age=1800, trigger="schedule", error=error)
    layers = [
        layer("base", "transferring", offset=MIB // 2),
        layer("app", "transferring", offset=MIB // 4),
    ]
    progress = {
        "phase": "copying",
        "layers": layers,
        "speed": 12 * MIB,
        "seconds_left": 48,
        "pause": None,
        "notes": [],
    }
    running = run_row(
        mirror,
        user,
        state=State.RUNNING,
        bytes_done=120 * MIB,
        bytes_total=420 * MIB,
        progress=progress,
        totals={**counts, "done": 1, "copying": 2},
    )
    _items(running)

    return {
        "local_pull": _local_pull(mirror, user),
        "plan": plan,
        "succeeded": succeeded,
        "failed": failed,
        "refused": refused,
        "running": running,
    }


def _local_pull(mirror: Mirror, user: Any) -> MirrorRun:
    """Create a local pull of some images, and a later one that failed in part."""
    counts = {"new": 3, "changed": 1, "up_to_date": 0, "repositories": 1}
    run = run_row(
        mirror,
        user,
        state=State.SUCCEEDED,
        age=5400,
        is_local_pull=True,
        bytes_done=310 * MIB,
        bytes_total=310 * MIB,
        totals={**counts, "done": 4},
    )

    for tag in ("1.26.1", "1.26.2", "1.26.3", "1.26.3-alpine"):
        names = {
            "source_repository": "shop/app",
            "target_repository": "shop/app",
            "source_digest": _DIGEST,
            "copied_digest": _DIGEST,
        }
        item_row(
            run,
            tag,
            state=ItemState.DONE,
            bytes_total=42 * MIB,
            verification=VerificationResult.EQUAL,
            **names,
        )
        name = {
            "team": mirror.team,
            "registry": mirror.source_registry.host,
            "repository": "shop/app",
            "tag": tag,
        }
        LocalImage.objects.update_or_create(
            **name, defaults={"digest": _DIGEST, "image_id": _DIGEST, "size": 42 * MIB}
        )

    error = {"kind": "ItemsFailed", "code": "items_failed", "parameters": {"count": 2}}
    run_row(
        mirror,
        user,
        state=State.FAILED,
        age=1800,
        is_local_pull=True,
        error=error,
        totals={**counts, "done": 2, "failed": 2},
    )
    return run


def _items(run: MirrorRun) -> None:
    ended, plan = run.state == State.FAILED, run.is_plan
    names = {
        "source_repository": "shop/app",
        "target_repository": "mirror/company/shop/app",
        "source_digest": _DIGEST,
    }
    state = ItemState.WAITING if plan else ItemState.DONE if ended else ItemState.COPYING
    done = (
        {}
        if plan
        else {
            "copied_digest": _DIGEST,
            "verification": VerificationResult.EQUAL if ended else "",
            "bytes_done": 20 * MIB,
        }
    )
    item_row(run, "1.27.3", state=state, bytes_total=42 * MIB, **names, **done)
    item_row(run, "1.27.3-alpine", state=state, bytes_total=18 * MIB, **names, **done)
    error = BlobUnknown(
        "blob_unknown", host="hub.example.com", location="hub.example.com/shop/app", name=_DIGEST
    ).stored()
    failed = {"state": ItemState.FAILED, "error": error} if ended else {}
    item_row(
        run,
        "1.28.0",
        ItemAction.CHANGED,
        bytes_total=360 * MIB,
        reason="The target names 2f6e1c9d44aa",
        **names,
        **failed,
    )
    item_row(
        run,
        "1.26.0",
        ItemAction.SKIPPED,
        reason="The target has it otherwise, and the rule keeps it",
        **names,
    )

    for number in range(6):
        item_row(run, f"1.27.{number + 10}", ItemAction.UP_TO_DATE, ItemState.DONE, **names)

    item_row(
        run,
        "old",
        ItemAction.EXTRA,
        source_repository="",
        target_repository="mirror/company/shop/app",
        target_digest=_DIGEST,
    )
