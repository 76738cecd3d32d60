"""The health of the installation, for load balancers and monitors."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.core.cache import cache
from django.db import connection
from django.http import JsonResponse

from .extension import Extension

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class HealthPart:
    """One part of the installation.

    Args:
        is_ok: False degrades the installation; requests are still served.
        details: further JSON values.
    """

    name: str
    is_ok: bool
    details: dict[str, Any] = field(default_factory=dict)


# Apps above add parts whose failure degrades the installation but stops no request.
HEALTH_CHECKS: Extension[Callable[[], HealthPart]] = Extension()


def report_health(*, is_full: bool) -> JsonResponse:
    """Answer 503 where requests cannot be served; with `is_full`, also where a part is degraded.

    Load balancers and the supervisor read the first: a scheduler that stands still must not take
    the pages away. Monitors read the second.
    """
    parts = {"database": _is_available("database", _ask_database)}
    parts["redis"] = _is_available("redis", _ask_redis)
    body: dict[str, Any] = {name: "ok" if is_up else "down" for name, is_up in parts.items()}
    if not all(parts.values()):
        return JsonResponse({"status": "down", **body}, status=503)

    is_degraded = False
    for check in HEALTH_CHECKS:
        part = check()
        is_degraded = is_degraded or not part.is_ok
        body[part.name] = "ok" if part.is_ok else "degraded"
        body.update(part.details)

    return JsonResponse(
        {"status": "degraded" if is_degraded else "ok", **body},
        status=503 if is_degraded and is_full else 200,
    )


def _is_available(name: str, ask: Callable[[], None]) -> bool:
    try:
        ask()
    # Whatever goes wrong there, the answer is that the part does not work.
    except Exception:
        logger.exception("The health check found that the %s does not answer", name)
        return False
    return True


def _ask_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _ask_redis() -> None:
    # Django's cache is in the same Redis as the queues.
    cache.get("health")
