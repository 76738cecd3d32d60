"""Transfer rows in any state, for tests that only read them."""

import hashlib
from datetime import timedelta

from django.utils import timezone

from transfers.models import Kind, State, Transfer

PYTHON = "docker.io/library/python:3.12-slim"
DIGEST = f"sha256:{hashlib.sha256(b'manifest').hexdigest()}"
MIB = 1024 * 1024


def layer(
    seed, state="waiting", *, size=MIB, offset=0, kind="layer", platform="linux/amd64", origin=""
):
    document = {
        "digest": f"sha256:{hashlib.sha256(str(seed).encode()).hexdigest()}",
        "kind": kind,
        "platform": platform,
        "size": size,
        "offset": size if state == "done" else offset,
        "state": state,
    }
    return {**document, "from": origin} if origin else document


def transfer_row(team, user=None, *, state=State.QUEUED, layers=(), steps=(), age=0, **values):
    now = timezone.now()
    started = None if state == State.QUEUED else now - timedelta(seconds=10)
    progress = {
        "phase": "transferring",
        "note": "",
        "layers": list(layers),
        "steps": list(steps),
        **values.pop("progress", {}),
    }
    defaults = {
        "kind": Kind.PULL,
        "source": PYTHON,
        "target": PYTHON,
        "target_is_local": True,
        "requested_by": user.get_username() if user else "",
        "started_at": started,
        "finished_at": now if state in (State.SUCCEEDED, State.FAILED, State.CANCELLED) else None,
    }
    row = Transfer.objects.create(
        team=team, user=user, state=state, progress=progress, **{**defaults, **values}
    )
    if age:
        Transfer.objects.filter(pk=row.pk).update(created_at=now - timedelta(seconds=age))
        row.refresh_from_db()
    return row


def publish_row(team, user=None, **values):
    endpoints = {
        "kind": Kind.PUBLISH,
        "source": "docker.io/library/my-app:latest",
        "target": "registry.example.com/my-company/my-app:prod-2023",
        "source_is_local": True,
        "target_is_local": False,
    }
    return transfer_row(team, user, **{**endpoints, **values})


def copy_row(team, user=None, **values):
    endpoints = {
        "kind": Kind.COPY,
        "source": PYTHON,
        "target": "registry.example.com/web/python:1.0",
        "target_is_local": False,
        "platform": "all",
    }
    return transfer_row(team, user, **{**endpoints, **values})
