import pytest

from transfers.models import Kind, Transfer
from transfers.steps import Steps


@pytest.mark.parametrize(
    ("kind", "engine", "names"),
    [
        (Kind.PULL, "", []),
        (Kind.TAG, "", []),
        (Kind.PUBLISH, "", ["login", "tag", "push"]),
        (Kind.PUBLISH, "build", ["tag", "push"]),
        (Kind.PUSH, "build", ["push"]),
        (Kind.COPY, "", ["source", "target", "copy"]),
        (Kind.SAVE, "build", ["fetch", "store"]),
    ],
)
def test_each_kind_has_its_steps(kind, engine, names):
    steps = Steps.of(Transfer(kind=kind, engine=engine))

    assert [step["name"] for step in steps.as_list()] == names
    assert {step["state"] for step in steps.as_list()} <= {"waiting"}


def test_a_failure_ends_what_has_begun_and_leaves_the_rest_waiting():
    steps = Steps("login", "tag", "push")
    steps.begin("login")
    steps.complete("login", "as robot")
    steps.begin("tag")
    steps.fail_running()

    assert [(step["state"], step["detail"]) for step in steps.as_list()] == [
        ("done", "as robot"),
        ("failed", ""),
        ("waiting", ""),
    ]


def test_the_list_is_a_copy():
    steps = Steps("login")
    steps.as_list()[0]["state"] = "done"

    assert steps.as_list()[0]["state"] == "waiting"
