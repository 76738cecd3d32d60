import pytest

from registry_ui.oci.image_history import HistoryLine, exec_form, history_of, parse_command


@pytest.mark.parametrize(
    ("text", "instruction", "arguments"),
    [
        (
            '/bin/sh -c #(nop)  CMD ["nginx" "-g" "daemon off;"]',
            "CMD",
            '["nginx" "-g" "daemon off;"]',
        ),
        ("/bin/sh -c #(nop) ADD file:ab12 in / ", "ADD", "file:ab12 in /"),
        (
            "/bin/sh -c apt-get update && apt-get install -y curl",
            "RUN",
            "apt-get update && apt-get install -y curl",
        ),
        ("RUN /bin/sh -c set -eux;   apk add curl # buildkit", "RUN", "set -eux;   apk add curl"),
        ("RUN |1 VERSION=1.2 /bin/sh -c make # buildkit", "RUN", "make\n# VERSION=1.2"),
        ("|2 A=1 B=2 /bin/sh -c make", "RUN", "make\n# A=1 B=2"),
        ("RUN /bin/bash -o pipefail -c curl | sh # buildkit", "RUN", "curl | sh"),
        ("COPY --from=build /app /app # buildkit", "COPY", "--from=build /app /app"),
        ("ENV PATH=/usr/bin", "ENV", "PATH=/usr/bin"),
        ("bazel build ...", "", "bazel build ..."),
        ("ENVIRONMENT is no instruction", "", "ENVIRONMENT is no instruction"),
        ("", "", ""),
    ],
)
def test_commands_read_as_in_a_dockerfile(text, instruction, arguments):
    assert parse_command(text) == (instruction, arguments)


def test_lines_know_their_layers():
    config = {
        "history": [
            {"created_by": "ADD rootfs.tar /"},
            {"created_by": "ENV A=1", "empty_layer": True},
            {"created_by": "RUN make", "comment": "buildkit.dockerfile.v0"},
            {"created_by": "RUN more than there is"},
        ]
    }
    assert history_of(config, 2) == [
        HistoryLine("ADD", "rootfs.tar /", 0),
        HistoryLine("ENV", "A=1", None),
        HistoryLine("RUN", "make", 1, "buildkit.dockerfile.v0"),
        HistoryLine("RUN", "more than there is", None),
    ]


@pytest.mark.parametrize(
    "history", [None, "text", [1, None, {"created_by": 7, "empty_layer": "yes"}], {}]
)
def test_a_malformed_history_is_accepted(history):
    assert all(line.instruction == "" for line in history_of({"history": history}, 1))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (["a", "b c"], '["a", "b c"]'),
        ("sh", "sh"),
        ([], ""),
        (None, ""),
        ([1, "x"], '["x"]'),
        ({"a": 1}, ""),
    ],
)
def test_commands_are_written_in_exec_form(value, text):
    assert exec_form(value) == text


def test_a_history_without_end_is_cut():
    lines = history_of({"history": [{"created_by": "RUN " + "x" * 5000}] * 10_000}, 2000)

    assert len(lines) == 500
    assert sum(len(line.arguments) for line in lines) < 500_000


def test_direction_marks_in_a_line_are_written_out():
    (line,) = history_of({"history": [{"created_by": "RUN echo \u202egnirts"}]}, 1)

    assert line.arguments == "echo \\u202egnirts"
