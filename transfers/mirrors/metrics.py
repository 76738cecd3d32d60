"""Metrics for Prometheus: ages of mirrors, states of jobs, queues.

They contain names of teams and mirrors, but no secret.
"""

from collections.abc import Iterable, Iterator

from django.db.models import Count
from django.utils import timezone
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from redis.exceptions import RedisError

from registry_ui.jobs.kinds import JOB_KINDS
from registry_ui.jobs.models import State
from registry_ui.jobs.scheduled_tasks import task_reports

from .models import Mirror, RepositoryDrift
from .schedule import allowed_age

_LABELS = ["team", "mirror"]


def render_metrics() -> bytes:
    """Return the current metrics in the text format of Prometheus."""
    # A registry per request: the default one would add metrics of this process.
    registry = CollectorRegistry()
    registry.register(_InstallationCollector())
    return generate_latest(registry)


class _InstallationCollector(Collector):
    def describe(self) -> Iterable[Metric]:
        return []  # Otherwise registering it would query the database.

    def collect(self) -> Iterator[Metric]:
        yield from _mirror_metrics()
        yield _job_metrics()
        yield from _queue_metrics()
        yield from _task_metrics()


def _mirror_metrics() -> Iterator[Metric]:
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
    tags_behind = _tags_behind()
    now = timezone.now()

    for mirror in Mirror.objects.select_related("team", "team__mirror_pause").order_by(
        "team", "name"
    ):
        labels = [mirror.team.slug, mirror.name]
        is_paused = mirror.paused or hasattr(mirror.team, "mirror_pause")

        # A mirror that never succeeded counts from its creation, so that an alert can fire.
        since = mirror.last_success_at or mirror.created_at
        age.add_metric(labels, (now - since).total_seconds())
        limit = allowed_age(mirror.schedule, mirror.time_zone, now=now) if mirror.schedule else None
        if limit is not None:
            allowed.add_metric(labels, limit.total_seconds())
        failed.add_metric(labels, float(mirror.last_state == State.FAILED))
        paused.add_metric(labels, float(is_paused))
        behind.add_metric(labels, tags_behind.get(mirror.pk, 0))

    yield from (age, allowed, failed, paused, behind)


def _tags_behind() -> dict[object, int]:
    counts: dict[object, int] = {}
    for mirror, missing, differing in RepositoryDrift.objects.values_list(
        "mirror", "missing", "differing"
    ):
        counts[mirror] = counts.get(mirror, 0) + missing + differing
    return counts


def _job_metrics() -> Metric:
    jobs = _gauge("jobs", "Jobs that the database knows, by kind and state", ["kind", "state"])
    for kind in JOB_KINDS:
        model = kind.model
        counts = dict(
            model._default_manager.order_by().values_list("state").annotate(count=Count("pk"))
        )
        for state in State:
            jobs.add_metric([str(model._meta.model_name), state.value], counts.get(state.value, 0))
    return jobs


def _queue_metrics() -> Iterator[Metric]:
    depth = _gauge("queue_depth", "Jobs that lie in the queue", ["queue"])
    workers = _gauge("workers_alive", "Workers that serve the queue", ["queue"])
    answers = _gauge("queue_up", "1 where the queue's server answers", [])

    # Redis may be down: its metric must then still be served.
    is_up = True
    for kind in JOB_KINDS:
        try:
            depth.add_metric([kind.name], kind.rq.count)
        except RedisError:
            is_up = False
            continue
        workers.add_metric([kind.name], kind.count_workers())

    answers.add_metric([], float(is_up))
    yield from (answers, depth, workers)


def _task_metrics() -> Iterator[Metric]:
    age = _gauge(
        "scheduled_task_last_success_age_seconds",
        "Seconds since the scheduled task last succeeded",
        ["task"],
    )
    late = _gauge(
        "scheduled_task_late",
        "1 where the scheduled task has not succeeded for three intervals",
        ["task"],
    )

    for report in task_reports():
        late.add_metric([report.task.name], float(report.is_late))
        if report.last_success_at is not None:
            seconds = (report.now - report.last_success_at).total_seconds()
            age.add_metric([report.task.name], seconds)
    yield from (age, late)


def _gauge(name: str, text: str, labels: list[str]) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"registry_ui_{name}", text, labels=labels)
