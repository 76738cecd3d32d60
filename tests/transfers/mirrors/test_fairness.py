"""Caps that hold across workers, and turns that teams take."""

import threading
import time
from datetime import timedelta

import pytest
from django.utils import timezone

from registry_ui.jobs.reconciling import reconcile
from registry_ui.oci.errors import Cancelled
from registry_ui.oci.store import Cancellation
from registry_ui.registries.models import Registry
from tests.parts.gateway import gateway
from tests.parts.process import wait_until
from transfers.mirrors import caps
from transfers.mirrors.caps import Gate
from transfers.mirrors.ends import _open_gates
from transfers.mirrors.queueing import MIRROR_RUNS, claim_next
from transfers.mirrors.services import start_run
from transfers.models import Mirror, MirrorRun, State

from .conftest import registry_row

pytestmark = pytest.mark.postgresql


@pytest.fixture
def gates(redis_server):
    made = []

    def make(team=1, **options):
        gate = Gate("registry.example.com", team, Cancellation(), **options)
        made.append(gate)
        return gate

    yield make
    for gate in made:
        gate.close()


class Users:
    """Threads that hold a gate's slots as fast as they get them, and count how many do at once, all gates together."""

    def __init__(self):
        self.lock = threading.Lock()
        self.now = self.most = 0
        self.turns = {}
        self.ended = threading.Event()
        self.threads = []

    def use(self, gate, name, count):
        for _number in range(count):
            thread = threading.Thread(target=self._work, args=(gate, name), daemon=True)
            thread.start()
            self.threads.append(thread)

    def _work(self, gate, name):
        while not self.ended.is_set():
            with gate.slot():
                with self.lock:
                    self.now += 1
                    self.most = max(self.most, self.now)
                    self.turns[name] = self.turns.get(name, 0) + 1
                time.sleep(0.01)
                with self.lock:
                    self.now -= 1

    def stop(self):
        self.ended.set()
        for thread in self.threads:
            thread.join(10)


def test_without_a_cap_nothing_is_asked(gates):
    gate = gates()
    assert not gate.is_capped
    with gate.slot():
        pass


def test_cap_holds_across_two_workers(gates):
    users = Users()
    users.use(gates(team=1, slots=4), "first", 8)
    time.sleep(0.3)
    users.use(gates(team=1, slots=4), "second", 8)
    time.sleep(4)
    users.stop()
    assert users.most <= 4
    assert users.turns["second"] > 0


def test_who_comes_later_gets_only_what_others_have_released(gates):
    first = gates(team=1, slots=4)
    assert first._granted == 4
    second = gates(team=2, slots=4)
    assert first._granted + second._granted == 4
    wait_until(lambda: (first._granted, second._granted) == (2, 2))


def test_teams_share_a_cap_fairly_however_many_runs_one_of_them_has(gates):
    users = Users()
    for number in range(3):
        users.use(gates(team=1, slots=6), f"many-{number}", 6)
    users.use(gates(team=2, slots=6), "one", 6)
    time.sleep(4)
    before = dict(users.turns)
    time.sleep(3)
    users.stop()
    many = sum(
        users.turns[name] - before.get(name, 0) for name in users.turns if name.startswith("many")
    )
    one = users.turns["one"] - before.get("one", 0)
    assert users.most <= 6
    assert 0.5 < one / many < 2


def test_slots_of_a_worker_that_died_are_free_after_a_while(gates, monkeypatch):
    monkeypatch.setattr(caps, "LEASE_SECONDS", 2.0)
    dead = gates(team=1, slots=2)
    dead._ended.set()
    dead._thread.join()
    gate = gates(team=1, slots=2)
    time.sleep(4.5)
    assert gate._granted == 2


def test_bytes_keep_to_the_rate(gates):
    gate = gates(bytes_per_second=100_000)
    gate.spend(100_000)
    started = time.monotonic()
    for _number in range(10):
        gate.spend(15_000)
    assert time.monotonic() - started > 1.0


def test_two_workers_together_keep_to_the_rate(gates, monkeypatch):
    monkeypatch.setattr(caps, "_RENEW_SECONDS", 0.05)
    started, cap, pieces = time.monotonic(), 400_000, 25
    workers = [gates(team=1, bytes_per_second=cap) for _number in range(2)]
    wait_until(lambda: all(gate._sharers == 2 for gate in workers))

    def pass_bytes(gate):
        for _number in range(pieces):
            gate.spend(10_000)

    threads = [threading.Thread(target=pass_bytes, args=(gate,)) for gate in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(workers) * pieces * 10_000 <= cap * (time.monotonic() - started)


@pytest.mark.django_db(transaction=True)
def test_waiting_team_comes_before_the_second_run_of_another(
    team, other_team, registry, second_registry
):
    ours = [mirror_of(team, registry, second_registry, f"ours-{number}") for number in range(3)]
    theirs = mirror_of(other_team, registry, second_registry, "theirs")
    runs = [start_run(mirror=mirror, user=None, enqueue=False) for mirror in (*ours, theirs)]

    order = [claim_next(runs[0].pk).mirror.name for _turn in range(4)]

    assert order == ["ours-0", "theirs", "ours-1", "ours-2"]
    assert claim_next(runs[0].pk) is None
    assert MirrorRun.objects.filter(state=State.RUNNING).count() == 4


@pytest.mark.django_db(transaction=True)
def test_turn_that_ran_another_team_leaves_one_for_the_run_that_waits_on(
    team, other_team, registry, second_registry
):
    first, second = (
        mirror_of(each, registry, second_registry, each.name) for each in (team, other_team)
    )
    runs = [start_run(mirror=mirror, user=None) for mirror in (first, second)]
    assert MIRROR_RUNS.waiting_ids() == {str(run.pk) for run in runs}

    MIRROR_RUNS.rq.empty()
    assert MIRROR_RUNS.waiting_ids() == set()
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
def test_capped_run_keeps_to_its_cap_and_ends(
    registry, second_registry, image_factory, make_mirror, run_mirror
):
    repository = registry.new_repository()
    for number in range(4):
        image_factory(registry, repository, f"1.{number}", layer_size=500)
    mirror = make_mirror(repository)
    for row in (mirror.source_registry, mirror.target_registry):
        row.most_requests = 2
        row.save()
    run = run_mirror(Mirror.objects.get(pk=mirror.pk))
    assert run.state == State.SUCCEEDED
    assert len(second_registry.tags(repository)) == 4


@pytest.mark.django_db(transaction=True)
def test_cap_holds_across_two_worker_processes(
    registry, second_registry, image_factory, make_mirror, manage
):
    repositories = [registry.new_repository() for _number in range(2)]
    for repository in repositories:
        for number in range(12):
            image_factory(registry, repository, f"1.{number}", layers=1, layer_size=100)
    with gateway(registry.host, seconds=0.03) as source:
        mirrors = [make_mirror(repository, source=source) for repository in repositories]
        Registry.objects.filter(host=source.host).update(most_requests=4)
        for _number in range(2):
            manage.start_worker("mirrors")
        runs = [start_run(mirror=Mirror.objects.get(pk=mirror.pk), user=None) for mirror in mirrors]
        wait_until(lambda: all(run.is_terminal for run in MirrorRun.objects.all()), seconds=90)
        most = source.most_at_once

    first, second = MirrorRun.objects.filter(pk__in=[run.pk for run in runs])
    assert (first.state, second.state) == (State.SUCCEEDED, State.SUCCEEDED)
    assert first.worker != second.worker
    assert max(first.started_at, second.started_at) < min(first.finished_at, second.finished_at), (
        "they ran at the same time"
    )
    assert 2 <= most <= 4


@pytest.mark.django_db(transaction=True)
def test_two_runs_in_opposite_directions_with_caps_of_one_do_not_wait_for_each_other(
    registry, second_registry, image_factory, make_mirror, manage
):
    names = registry.new_repository(), second_registry.new_repository()
    for place, name in zip((registry, second_registry), names, strict=True):
        image_factory(place, name, "1.0", layers=1, layer_size=100)
    there = make_mirror(names[0])
    back = make_mirror(names[1], source=second_registry, target=registry)
    Registry.objects.update(most_requests=1)
    for _number in range(2):
        manage.start_worker("mirrors")
    for mirror in (there, back):
        start_run(mirror=Mirror.objects.get(pk=mirror.pk), user=None)
    wait_until(lambda: all(run.is_terminal for run in MirrorRun.objects.all()), seconds=60)
    assert [run.state for run in MirrorRun.objects.all()] == [State.SUCCEEDED] * 2


def test_second_gate_waits_for_the_first_and_the_first_is_given_back_when_that_is_cancelled(
    gates, team, registry, second_registry, db
):
    rows = [registry_row(team, place.host, place.host) for place in (registry, second_registry)]
    Registry.objects.update(most_requests=1)
    first, second = sorted(
        Registry.objects.filter(pk__in=[row.pk for row in rows]), key=lambda row: row.host
    )
    cancellation = Cancellation()
    holder = Gate.of(first, team.pk, Cancellation())
    threading.Timer(1.0, cancellation.request).start()
    with pytest.raises(Cancelled):
        _open_gates({second.host: second, first.host: first}, team.pk, cancellation)
    other = Gate.of(second, team.pk, Cancellation())
    try:
        other.wait()
        holder.close()
        opened = _open_gates({first.host: first}, team.pk, Cancellation())
        opened[first.host].wait()
        opened[first.host].close()
    finally:
        other.close()
