import io

import pytest
from django.core.management import CommandError, call_command

from registry_ui.catalog.index_queue import INDEX_RUNS
from registry_ui.catalog.models import IndexRun, Repository, Tag

pytestmark = pytest.mark.django_db(transaction=True)


def run(*arguments, **options):
    out, err = io.StringIO(), io.StringIO()
    call_command("index", *arguments, stdout=out, stderr=err, **options)
    return out.getvalue(), err.getvalue()


def test_a_registry_is_indexed_in_the_process(row, own_registry, image_factory):
    image_factory(own_registry, "team/app")

    out, err = run(row.host, "--now")

    assert f"index of {row.host}: done; repositories: 1; tags: 1; manifests fetched: 1" in out
    assert err == ""
    assert Tag.objects.count() == 1


def test_one_repository_is_indexed(row, own_registry, image_factory):
    image_factory(own_registry, "team/app")
    image_factory(own_registry, "team/other")

    run(f"{row.host}/team/app", "--now")

    assert set(Repository.objects.values_list("name", flat=True)) == {"team/app"}


def test_a_failure_is_printed_and_exits_with_status_1(row, own_registry, capsys):
    with pytest.raises(SystemExit) as ended:
        run(f"{row.host}/team/nothing", "--now")

    assert ended.value.code == 1
    assert IndexRun.objects.get().error["kind"] == "RepositoryUnknown"


def test_a_missing_worker_is_reported(row, own_registry, image_factory, manage):
    image_factory(own_registry, "team/app")
    command = manage.start("index", row.host)
    command.wait_for(
        lambda: "No worker is running. Start one: manage.py rqworker index." in command.output
    )

    manage.start_worker("index")

    assert command.popen.wait(30) == 0
    assert "done; repositories: 1" in command.output


def test_ctrl_c_cancels_the_run(row, own_registry, manage):
    command = manage.start("index", row.host)
    command.wait_for(lambda: "No worker" in command.output)

    assert command.stop() == 130
    assert IndexRun.objects.get().state == "cancelled"
    assert INDEX_RUNS.queued_ids() == set()


@pytest.mark.parametrize("name", ["registry.example.com", "nginx", "HOST:80:80/x"])
def test_an_unknown_host_is_refused(row, name):
    with pytest.raises(CommandError):
        run(name, "--now")
    assert not IndexRun.objects.exists()
