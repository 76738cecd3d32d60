"""The lines of the supervisor's output."""

import io

from registry_ui.supervisor.console import Console


class Terminal(io.StringIO):
    """A stream that says that it is a terminal."""

    def isatty(self):
        return True


def test_names_are_aligned_before_the_lines():
    stream = io.StringIO()
    console = Console(stream)

    console.line("web", "ready")
    console.line("worker-1", "")
    console.write_message("Stopped.")

    assert stream.getvalue() == "web        | ready\nworker-1   | \nStopped.\n"


def test_a_terminal_gets_one_color_for_each_name(monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    stream = Terminal()
    console = Console(stream)

    for name in ("web", "redis", "web"):
        console.line(name, "x")
    console.write_message("Stopped.")

    web, redis, again, said = stream.getvalue().splitlines()
    assert web == again == "\x1b[36mweb       \x1b[0m | x"
    assert redis.startswith("\x1b[32m")
    assert said == "\x1b[1mStopped.\x1b[0m"


def test_more_names_than_colors_begin_again(monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    stream = Terminal()
    console = Console(stream)

    for number in range(7):
        console.line(str(number), "x")

    colors = [line.partition("m")[0] for line in stream.getvalue().splitlines()]
    assert len(set(colors)) == 6
    assert colors[6] == colors[0]


def test_no_color_turns_colors_off(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    stream = Terminal()

    Console(stream).line("web", "x")

    assert "\x1b" not in stream.getvalue()


def test_an_output_that_nobody_reads_is_no_error():
    class Closed(io.StringIO):
        def flush(self):
            raise BrokenPipeError

    Console(Closed()).write_message("Stopped.")
