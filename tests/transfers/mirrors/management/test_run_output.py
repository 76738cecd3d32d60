import io

import pytest
from django.core.management import call_command

pytestmark = pytest.mark.django_db(transaction=True)


def call_mirror(*arguments: str) -> tuple[int, str, str]:
    """Return exit status, output and errors."""
    out, err = io.StringIO(), io.StringIO()
    try:
        call_command("mirror", *arguments, stdout=out, stderr=err)
    except SystemExit as exc:
        return int(exc.code or 0), out.getvalue(), err.getvalue()
    return 0, out.getvalue(), err.getvalue()


def test_plan_and_run_print_their_tags(registry, second_registry, image_factory, make_mirror):
    repository = registry.new_repository()
    image_factory(registry, repository)
    make_mirror(repository, name="nightly")

    status, output, _errors = call_mirror("plan", "nightly", "--now")
    assert status == 2
    assert "1 new" in output
    assert f"{repository}:1.0" in output
    assert second_registry.tags(repository) == []

    status, output, _errors = call_mirror("run", "nightly", "--now")
    assert status == 0
    assert "new" in output
    assert second_registry.tags(repository) == ["1.0"]

    status, output, _errors = call_mirror("plan", "nightly", "--now")
    assert status == 0
    assert "1 up to date" in output


def test_a_failed_tag_exits_with_one_and_the_reason(registry, image_factory, make_mirror):
    make_mirror(registry.new_repository(), name="nightly", selection={"tags": ["9.9"]})
    status, output, errors = call_mirror("run", "nightly", "--now")
    assert status == 1
    assert "9.9" in output
    assert "1 tag failed" in errors

    status, output, _errors = call_mirror("list")
    assert status == 1
    assert "nightly" in output
    assert "failed" in output


def test_a_detached_run_waits_for_a_worker(make_mirror):
    mirror = make_mirror("tests/app", name="nightly")
    status, output, _errors = call_mirror("run", "nightly", "--detach")
    assert status == 0
    assert output.strip() == str(mirror.runs.get().pk)
