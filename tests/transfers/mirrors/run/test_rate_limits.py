"""Limits that hold across workers, and turns of teams."""

import threading
import time
from datetime import timedelta

import pytest
from django.utils import timezone

from registry_ui.jobs.reconciler import reconcile
from registry_ui.oci.errors import Cancelled
from registry_ui.oci.store import Cancellation
from registry_ui.registries.models import Registry
from tests.parts.gateway import gateway
from tests.parts.processes import wait_until
from transfers.mirrors.models import Mirror, MirrorRun
from transfers.mirrors.run import rate_limits
from transfers.mirrors.run.endpoints import _open_limiters
from transfers.mirrors.run.rate_limits import RateLimiter
from transfers.mirrors.run_queue import MIRROR_RUNS, claim_next
from transfers.mirrors.services import start_run
from transfers.models import State

from ..conftest import registry_row

pytestmark = pytest.mark.postgresql


@pytest.fixture
def limiters(redis_server):
    opened = []

    def make(team=1, **options):
        limiter = RateLimiter("registry.example.com", team, Cancellation(), **options)
        opened.append(limiter)
        return limiter

    yield make
    for limiter in opened:
        limiter.close()


class SlotHolders:
    """Threads that hold slots of limiters as fast as they get them, and count them."""

    def __init__(self):
        self.lock = threading.Lock()
        self.now = self.maximum = 0
        self.acquisitions = {}
        self.ended = threading.Event()
        self.threads = []

    def use(self, limiter, name, count):
        for _number in range(count):
            thread = threading.Thread(target=self._hold_slots, args=(limiter, name), daemon=True)
            thread.start()
            self.threads.append(thread)

    def _hold_slots(self, limiter, name):
        while not self.ended.is_set():
            with limiter.slot():
                with self.lock:
                    self.now += 1
                    self.maximum = max(self.maximum, self.now)
                    self.acquisitions[name] = self.acquisitions.get(name, 0) + 1
                time.sleep(0.01)
                with self.lock:
                    self.now -= 1

    def stop(self):
        self.ended.set()
        for thread in self.threads:
            thread.join(10)


def test_without_a_limit_redis_is_not_used(limiters):
    limiter = limiters()
    assert not limiter.is_limited
    with limiter.slot():
        pass


def test_limit_holds_across_two_workers(limiters):
    users = SlotHolders()
    users.use(limiters(team=1, slots=4), "first", 8)
    time.sleep(0.3)
    users.use(limiters(team=1, slots=4), "second", 8)
    time.sleep(4)
    users.stop()
    assert users.maximum <= 4
    assert users.acquisitions["second"] > 0


def test_a_later_run_gets_only_released_slots(limiters):
    first = limiters(team=1, slots=4)
    assert first._granted == 4
    second = limiters(team=2, slots=4)
    assert first._granted + second._granted == 4
    wait_until(lambda: (first._granted, second._granted) == (2, 2))


def test_teams_share_a_limit_equally_regardless_of_their_runs(limiters):
    users = SlotHolders()
    for number in range(3):
        users.use(limiters(team=1, slots=6), f"many-{number}", 6)
    users.use(limiters(team=2, slots=6), "one", 6)
    time.sleep(4)
    before = dict(users.acquisitions)
    time.sleep(3)
    users.stop()
    many = sum(
        users.acquisitions[name] - before.get(name, 0)
        for name in users.acquisitions
        if name.startswith("many")
    )
    one = users.acquisitions["one"] - before.get("one", 0)
    assert users.maximum <= 6
    assert 0.5 < one / many < 2


def test_slots_of_a_dead_worker_become_free(limiters, monkeypatch):
    monkeypatch.setattr(rate_limits, "LEASE_SECONDS", 2.0)
    dead = limiters(team=1, slots=2)
    dead._closed.set()
    dead._thread.join()
    limiter = limiters(team=1, slots=2)
    time.sleep(4.5)
    assert limiter._granted == 2


def test_bytes_keep_to_the_rate(limiters):
    limiter = limiters(bytes_per_second=100_000)
    limiter.consume(100_000)
    started = time.monotonic()
    for _number in range(10):
        limiter.consume(15_000)
    assert time.monotonic() - started > 1.0


def test_two_workers_together_keep_to_the_rate(limiters, monkeypatch):
    monkeypatch.setattr(rate_limits, "_RENEW_SECONDS", 0.05)
    started, cap, pieces = time.monotonic(), 400_000, 25
    workers = [limiters(team=1, bytes_per_second=cap) for _number in range(2)]
    wait_until(lambda: all(limiter._sharers == 2 for limiter in workers))

    def pass_bytes(limiter):
        for _number in range(pieces):
            limiter.consume(10_000)

    threads = [threading.Thread(target=pass_bytes, args=(limiter,)) for limiter in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(workers) * pieces * 10_000 <= cap * (time.monotonic() - started)


@pytest.mark.django_db(transaction=True)
def test_a_waiting_team_runs_before_the_second_run_of_another(
    team, other_team, registry, second_registry
):
    ours = [mirror_of(team, registry, second_registry, f"ours-{number}") for number in range(3)]
    theirs = mirror_of(other_team, registry, second_registry, "theirs")
    runs = [start_run(mirror=mirror, user=None, enqueue=False) for mirror in (*ours, theirs)]

    order = [claim_next(runs[0].pk, "worker").mirror.name for _number in range(4)]

    assert order == ["ours-0", "theirs", "ours-1", "ours-2"]
    assert claim_next(runs[0].pk, "worker") is None
    assert MirrorRun.objects.filter(state=State.RUNNING).count() == 4


@pytest.mark.django_db(transaction=True)
def test_a_job_that_ran_another_team_leaves_one_for_the_waiting_run(
    team, other_team, registry, second_registry
):
    first, second = (
        mirror_of(owner, registry, second_registry, owner.name) for owner in (team, other_team)
    )
    runs = [start_run(mirror=mirror, user=None) for mirror in (first, second)]
    assert MIRROR_RUNS.queued_ids() == {str(run.pk) for run in runs}

    MIRROR_RUNS.rq.empty()
    assert MIRROR_RUNS.queued_ids() == set()
    MirrorRun.objects.update(queued_at=timezone.now() - timedelta(minutes=1))
    assert reconcile(MIRROR_RUNS).requeued == 2
    assert reconcile(MIRROR_RUNS).requeued == 0
    assert MIRROR_RUNS.rq.count == 2


def mirror_of(team, source, target, name) -> Mirror:
    return Mirror.objects.create(
        team=team,
        name=name,
        source_registry=registry_row(team, source.host, "Source"),
        target_registry=registry_row(team, target.host, "Target"),
        repositories=["tests/app"],
    )


@pytest.mark.django_db(transaction=True)
def test_a_limited_run_keeps_its_limit_and_ends(
    registry, second_registry, image_factory, make_mirror, run_mirror
):
    repository = registry.new_repository()
    for number in range(4):
        image_factory(registry, repository, f"1.{number}", layer_size=500)
    mirror = make_mirror(repository)
    for row in (mirror.source_registry, mirror.target_registry):
        row.mirror_max_requests = 2
        row.save()
    run = run_mirror(Mirror.objects.get(pk=mirror.pk))
    assert run.state == State.SUCCEEDED
    assert len(second_registry.tags(repository)) == 4


@pytest.mark.django_db(transaction=True)
def test_limit_holds_across_two_worker_processes(
    registry, second_registry, image_factory, make_mirror, manage
):
    repositories = [registry.new_repository() for _number in range(2)]
    for repository in repositories:
        for number in range(12):
            image_factory(registry, repository, f"1.{number}", layers=1, layer_size=100)
    with gateway(registry.host, seconds=0.03) as source:
        mirrors = [make_mirror(repository, source=source) for repository in repositories]
        Registry.objects.filter(host=source.host).update(mirror_max_requests=4)
        for _number in range(2):
            manage.start_worker("mirrors")
        runs = [start_run(mirror=Mirror.objects.get(pk=mirror.pk), user=None) for mirror in mirrors]
        wait_until(lambda: all(run.is_terminal for run in MirrorRun.objects.all()), seconds=90)
        maximum = source.max_concurrent

    first, second = MirrorRun.objects.filter(pk__in=[run.pk for run in runs])
    assert (first.state, second.state) == (State.SUCCEEDED, State.SUCCEEDED)
    assert first.worker != second.worker
    assert max(first.started_at, second.started_at) < min(first.finished_at, second.finished_at), (
        "they ran at the same time"
    )
    assert 2 <= maximum <= 4


@pytest.mark.django_db(transaction=True)
def test_two_runs_in_opposite_directions_do_not_deadlock(
    registry, second_registry, image_factory, make_mirror, manage
):
    names = registry.new_repository(), second_registry.new_repository()
    for server, name in zip((registry, second_registry), names, strict=True):
        image_factory(server, name, "1.0", layers=1, layer_size=100)
    forward = make_mirror(names[0])
    back = make_mirror(names[1], source=second_registry, target=registry)
    Registry.objects.update(mirror_max_requests=1)
    for _number in range(2):
        manage.start_worker("mirrors")
    for mirror in (forward, back):
        start_run(mirror=Mirror.objects.get(pk=mirror.pk), user=None)
    wait_until(lambda: all(run.is_terminal for run in MirrorRun.objects.all()), seconds=60)
    assert [run.state for run in MirrorRun.objects.all()] == [State.SUCCEEDED] * 2


def test_a_cancelled_wait_for_the_second_limiter_releases_the_first(
    limiters, team, registry, second_registry, db
):
    rows = [registry_row(team, server.host, server.host) for server in (registry, second_registry)]
    Registry.objects.update(mirror_max_requests=1)
    first, second = sorted(
        Registry.objects.filter(pk__in=[row.pk for row in rows]), key=lambda row: row.host
    )
    cancellation = Cancellation()
    holder = RateLimiter.of(first, team.pk, Cancellation())
    threading.Timer(1.0, cancellation.request).start()
    with pytest.raises(Cancelled):
        _open_limiters({second.host: second, first.host: first}, team.pk, cancellation)
    other = RateLimiter.of(second, team.pk, Cancellation())
    try:
        other.wait()
        holder.close()
        opened = _open_limiters({first.host: first}, team.pk, Cancellation())
        opened[first.host].wait()
        opened[first.host].close()
    finally:
        other.close()
