"""What a monitor reads: how old each rule's last success is, what runs and what waits. Figures and names, no secret."""

from collections.abc import Iterable, Iterator

from django.db.models import Count
from django.utils import timezone
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from redis.exceptions import RedisError

from registry_ui.jobs.models import Job, State
from registry_ui.jobs.queueing import JobQueue
from registry_ui.registries.models import IndexRun
from registry_ui.registries.queueing import INDEX_RUNS

from ..models import Mirror, MirrorPair, MirrorRun, Notice, Transfer
from ..queueing import NOTICES, TRANSFERS
from .queueing import MIRROR_RUNS
from .schedule import allowed_age

_QUEUES: tuple[JobQueue, ...] = (TRANSFERS, MIRROR_RUNS, INDEX_RUNS, NOTICES)
_JOBS: tuple[type[Job], ...] = (Transfer, MirrorRun, IndexRun, Notice)
_LABELS = ["team", "mirror"]


def exposition() -> bytes:
    """The text format of Prometheus, as things are now."""
    registry = CollectorRegistry()
    registry.register(_Installation())
    return generate_latest(registry)


class _Installation(Collector):
    def describe(self) -> Iterable[Metric]:
        return []  # Registering it asks nothing of the database.

    def collect(self) -> Iterator[Metric]:
        yield from _of_mirrors()
        yield _of_jobs()
        yield from _of_queues()


def _of_mirrors() -> Iterator[Metric]:
    age = _gauge(
        "mirror_last_success_age_seconds",
        "Seconds since the mirror's last run that succeeded",
        _LABELS,
    )
    allowed = _gauge(
        "mirror_allowed_age_seconds",
        "How old the last success may be by the mirror's schedule",
        _LABELS,
    )
    failed = _gauge("mirror_last_run_failed", "1 where the mirror's latest run failed", _LABELS)
    paused = _gauge("mirror_paused", "1 where the mirror does not start by itself", _LABELS)
    behind = _gauge(
        "mirror_tags_behind",
        "Tags that the target lacks or has otherwise, at the last look",
        _LABELS,
    )
    drift = _drift()
    now = timezone.now()
    for mirror in Mirror.objects.select_related("team", "team__mirror_pause").order_by(
        "team", "name"
    ):
        labels = [mirror.team.slug, mirror.name]
        is_paused = mirror.paused or hasattr(mirror.team, "mirror_pause")
        since = mirror.last_success_at or mirror.created_at
        age.add_metric(labels, (now - since).total_seconds())
        limit = allowed_age(mirror.schedule, mirror.time_zone, now=now) if mirror.schedule else None
        if limit is not None:
            allowed.add_metric(labels, limit.total_seconds())
        failed.add_metric(labels, float(mirror.last_state == State.FAILED))
        paused.add_metric(labels, float(is_paused))
        behind.add_metric(labels, drift.get(mirror.pk, 0))
    yield from (age, allowed, failed, paused, behind)


def _drift() -> dict[object, int]:
    found: dict[object, int] = {}
    for mirror, missing, differing in MirrorPair.objects.values_list(
        "mirror", "missing", "differing"
    ):
        found[mirror] = found.get(mirror, 0) + missing + differing
    return found


def _of_jobs() -> Metric:
    jobs = _gauge("jobs", "Jobs that the database knows, by kind and state", ["kind", "state"])
    for model in _JOBS:
        counts = dict(
            model._default_manager.order_by().values_list("state").annotate(count=Count("pk"))
        )
        for state in State:
            jobs.add_metric([str(model._meta.model_name), state.value], counts.get(state.value, 0))
    return jobs


def _of_queues() -> Iterator[Metric]:
    depth = _gauge("queue_depth", "Jobs that lie in the queue", ["queue"])
    workers = _gauge("workers_alive", "Workers that serve the queue", ["queue"])
    answers = _gauge("queue_up", "1 where the queue's server answers", [])
    is_up = True
    for queue in _QUEUES:
        try:
            depth.add_metric([queue.name], queue.rq.count)
        except RedisError:
            is_up = False
            continue
        workers.add_metric([queue.name], queue.workers_alive())
    answers.add_metric([], float(is_up))
    yield from (answers, depth, workers)


def _gauge(name: str, text: str, labels: list[str]) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"registry_ui_{name}", text, labels=labels)
