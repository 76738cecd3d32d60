import pytest

from registry_ui.oci.errors import InvalidReference
from tests.parts.error_texts import stored_error
from transfers.layer_progress import read_layers
from transfers.models import Kind, State, Transfer
from transfers.presenter import TransferPresenter
from transfers.terminal import (
    Screen,
    closing_lines,
    failure_lines,
    layer_line,
    opening_line,
    printable,
    progress_bar,
    progress_lines,
    total_line,
)

from .rows import DIGEST, MIB, PYTHON, layer


def pull(*layers, state=State.RUNNING, progress=None, **values):
    return Transfer(
        kind=Kind.PULL,
        state=state,
        source=PYTHON,
        target=PYTHON,
        progress={"phase": "transferring", "layers": layers, **(progress or {})},
        **values,
    )


def lines(row, *, live=True, columns=100):
    return progress_lines(TransferPresenter(row), columns=columns, live=live)


def test_the_first_line_is_dockers():
    assert opening_line(pull()) == "3.12-slim: Pulling from library/python"
    push = Transfer(
        kind=Kind.PUSH,
        source="docker.io/johndoe/my-app:v1.0",
        target="docker.io/johndoe/my-app:v1.0",
    )
    assert opening_line(push) == "The push refers to repository [docker.io/johndoe/my-app]"


def test_a_layer_in_transfer_has_a_bar_and_its_sizes():
    (transferring,) = read_layers(pull(layer(1, "transferring", size=4 * MIB, offset=MIB)))

    drawn = printable(layer_line(transferring, 80))

    assert drawn.startswith(f"{transferring.short_digest}: Pulling [")
    assert drawn.endswith("]  1.0 MiB/4.0 MiB")
    assert len(drawn) < 80


def test_a_narrow_terminal_gets_sizes_without_a_bar():
    (transferring,) = read_layers(pull(layer(1, "transferring", size=4 * MIB, offset=MIB)))
    assert "[" not in layer_line(transferring, 40)


@pytest.mark.parametrize(
    ("done", "total", "drawn"),
    [(0, 4, "[    ]"), (1, 4, "[>   ]"), (2, 4, "[=>  ]"), (4, 4, "[====]"), (0, 0, "[====]")],
)
def test_the_bar_fills_from_the_left(done, total, drawn):
    assert progress_bar(done, total, 4) == drawn


def test_the_config_is_no_layer_of_dockers():
    drawn = lines(pull(layer(1, "done"), layer(2, "done", kind="config")))
    assert len(drawn) == 2
    assert drawn[0].endswith(": Pull complete")


def test_the_last_line_tells_of_the_whole():
    row = pull(
        layer(1, "transferring", size=4 * MIB, offset=MIB),
        bytes_done=MIB,
        bytes_total=4 * MIB,
        progress={"speed": MIB, "seconds_left": 3},
    )
    assert (
        printable(total_line(TransferPresenter(row)))
        == "Pulling layers  25 %  1.0 MiB/4.0 MiB  1.0 MiB/s  3 s left"
    )


def test_a_pause_says_why():
    row = pull(
        layer(1), progress={"phase": "paused", "note": "docker.io asks to wait.", "speed": 9}
    )
    assert lines(row)[-2:] == ["docker.io asks to wait.", "Paused"]


def test_a_file_gets_a_line_only_when_a_layer_changes():
    text = []
    screen = Screen(text.append, None)
    transferring = layer(1, "transferring", size=4 * MIB, offset=MIB)
    for row in (
        pull(layer(1)),
        pull(transferring),
        pull({**transferring, "offset": 2 * MIB}),
        pull(layer(1, "done")),
    ):
        screen.draw(lines(row, live=screen.is_terminal))

    short = read_layers(pull(transferring))[0].short_digest
    assert "".join(text) == f"{short}: Pulling\n{short}: Pull complete\n"


def test_a_terminal_is_drawn_again_in_place():
    text = []
    screen = Screen(text.append, (80, 24))
    screen.draw(["one", "two"])
    screen.draw(["three"])
    screen.print("stays")
    screen.draw(["four"], keep=True)
    screen.print("five")

    assert "".join(text) == "one\ntwo\n\x1b[2A\x1b[Jthree\n\x1b[1A\x1b[Jstays\nfour\nfive\n"


def test_a_small_terminal_is_never_scrolled_by_a_redraw():
    text = []
    Screen(text.append, (80, 10)).draw([str(number) for number in range(50)])
    assert "".join(text).count("\n") == 8


def test_a_long_line_does_not_wrap():
    text = []
    Screen(text.append, (20, 24)).draw(["x" * 100])
    assert text == ["x" * 19 + "\n"]


def test_what_a_registry_sends_moves_no_cursor():
    text = []
    screen = Screen(text.append, (80, 24))
    screen.print("evil\x1b[2J\r\nnext\u202e")
    mark = "\N{REPLACEMENT CHARACTER}"
    assert "".join(text) == f"evil{mark}[2J{mark}{mark}next{mark}\n"


def test_a_pull_ends_as_dockers_does():
    row = pull(state=State.SUCCEEDED)
    assert closing_lines(row, digest=DIGEST, was_present=False) == [
        f"Digest: {DIGEST}",
        "Status: Downloaded newer image for python:3.12-slim",
        PYTHON,
    ]
    assert (
        closing_lines(row, digest=DIGEST, was_present=True)[1]
        == "Status: Image is up to date for python:3.12-slim"
    )


def test_a_push_ends_as_dockers_does():
    row = Transfer(
        kind=Kind.PUSH, source="r.example.com/a/b:v1.0", target="r.example.com/a/b:v1.0", size=1234
    )
    assert closing_lines(row, digest=DIGEST, was_present=False) == [
        f"v1.0: digest: {DIGEST} size: 1234"
    ]


def test_a_failure_names_cause_and_advice_a_line_each():
    row = pull(state=State.FAILED, error=stored_error("No\x1b such tag."))
    assert failure_lines(row) == [
        "Error: The engine build says: No\N{REPLACEMENT CHARACTER} such tag.",
        "Look into the engine's log on its machine.",
    ]
    without_advice = InvalidReference("nothing_chosen").stored()
    assert failure_lines(pull(state=State.FAILED, error=without_advice)) == [
        "Error: Nothing was chosen."
    ]
    assert failure_lines(pull(state=State.CANCELLED))[0].startswith("Cancelled.")


def test_the_steps_of_a_publish_are_lines_once_they_are_done():
    steps = [
        {"name": "login", "state": "done", "detail": "Login succeeded as robot"},
        {"name": "tag", "state": "running", "detail": ""},
        {"name": "push", "state": "waiting", "detail": ""},
    ]
    row = Transfer(
        kind=Kind.PUBLISH,
        state=State.RUNNING,
        source=PYTHON,
        target=PYTHON,
        progress={"steps": steps},
    )
    assert lines(row, live=False) == ["Check the login: Login succeeded as robot"]


def test_a_copy_names_source_and_target():
    row = Transfer(kind=Kind.COPY, source=PYTHON, target="r.example.com/a/b:v1.0", size=1234)
    assert opening_line(row) == "python:3.12-slim: Copying to r.example.com/a/b:v1.0"
    assert closing_lines(row, digest=DIGEST, was_present=False) == [
        f"v1.0: digest: {DIGEST} size: 1234"
    ]


def test_a_deletion_names_the_tag_and_the_registry():
    row = Transfer(
        kind=Kind.DELETE,
        source="r.example.com/a/b:v1.0",
        target="r.example.com/a/b:v1.0",
        state=State.CANCELLED,
    )
    assert opening_line(row) == "r.example.com/a/b:v1.0: Deleting from r.example.com"
    assert closing_lines(row, digest=DIGEST, was_present=False) == [
        "Deleted: r.example.com/a/b:v1.0"
    ]
    assert failure_lines(row) == ["Cancelled."]
