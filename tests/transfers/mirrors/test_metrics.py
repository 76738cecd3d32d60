"""The metrics for Prometheus."""

import pytest
from django.urls import reverse
from prometheus_client.parser import text_string_to_metric_families

from transfers.mirrors.models import Mirror, MirrorPause
from transfers.models import State

from .rows import mirror_row, pair_row, run_row

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db]

TOKEN = "of-the-monitor"


@pytest.fixture
def ask(client, settings):
    settings.METRICS_TOKEN = TOKEN

    def get(token=TOKEN):
        return client.get(
            reverse("mirrors:metrics"),
            headers={"Authorization": f"Bearer {token}"} if token else {},
        )

    return get


def samples(response):
    families = text_string_to_metric_families(response.content.decode())
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in families
        for sample in family.samples
    }


@pytest.mark.parametrize("token", ["", "wrong", "\xff", TOKEN + "x"])
def test_the_token_is_required(ask, token):
    assert ask(token).status_code == 401


def test_a_session_is_no_token(ask, client, alice):
    client.force_login(alice)

    assert ask("").status_code == 401


def test_it_is_read_only(client, ask):
    assert client.post(reverse("mirrors:metrics")).status_code == 405


def test_it_reports_the_age_of_each_last_success(ask, team):
    mirror = mirror_row(team, schedule="0 * * * *")
    run_row(mirror, state=State.SUCCEEDED, age=600)
    run_row(mirror, state=State.FAILED, age=60)
    pair_row(mirror, missing=3, differing=2)

    metrics = samples(ask())

    labels = (mirror.name, team.slug)
    assert metrics["registry_ui_mirror_last_success_age_seconds", *labels] == pytest.approx(
        600, abs=30
    )
    assert metrics["registry_ui_mirror_allowed_age_seconds", *labels] == 5400
    assert metrics["registry_ui_mirror_last_run_failed", *labels] == 1
    assert metrics["registry_ui_mirror_tags_behind", *labels] == 5
    assert metrics["registry_ui_mirror_paused", *labels] == 0


def test_a_mirror_without_a_success_ages_from_its_creation(ask, team):
    mirror = mirror_row(team, schedule="")

    metrics = samples(ask())

    assert metrics["registry_ui_mirror_last_success_age_seconds", mirror.name, team.slug] < 60
    assert ("registry_ui_mirror_allowed_age_seconds", mirror.name, team.slug) not in metrics


def test_a_pause_of_the_team_shows_on_each(ask, team):
    mirror_row(team)
    MirrorPause.objects.create(team=team)

    assert samples(ask())["registry_ui_mirror_paused", "Nightly", team.slug] == 1


def test_it_counts_jobs_queues_and_workers(ask, team):
    run_row(mirror_row(team), state=State.RUNNING)

    metrics = samples(ask())

    assert metrics["registry_ui_jobs", "mirrorrun", "running"] == 1
    assert metrics["registry_ui_jobs", "transfer", "queued"] == 0
    assert metrics["registry_ui_queue_depth", "mirrors"] == 0
    assert metrics["registry_ui_workers_alive", "transfers"] == 0
    assert metrics["registry_ui_queue_up",] == 1


def test_without_redis_it_still_answers(ask, redis_server):
    redis_server.process.kill()

    metrics = samples(ask())

    assert metrics["registry_ui_queue_up",] == 0


def test_names_cannot_break_the_format(ask, team):
    mirror_row(team, 'He said "x"\n\\evil{a="b"} 1')

    assert ("registry_ui_mirror_paused", 'He said "x"\n\\evil{a="b"} 1', team.slug) in samples(
        ask()
    )


def test_the_number_of_queries_is_constant(ask, team, django_assert_max_num_queries):
    source = mirror_row(team).source_registry
    for number in range(30):
        mirror_row(team, f"Mirror {number}", source=source, target=source)
    with django_assert_max_num_queries(12):
        ask()
    assert Mirror.objects.count() == 31
