"""The mutations fit the tree, and scripts/mutants.py judges them correctly."""

import dataclasses
import subprocess
import sys

import pytest

from scripts import mutants
from scripts.mutants import Copy, Mutation, Processes, Refused, Verdict

RULE = "def may_delete(role):\n    return role == 'admin'\n"
TEST = """from rules import may_delete


def test_a_viewer_deletes_nothing():
    assert not may_delete("viewer")
"""
CHANGE = {"file": "rules.py", "text": "role == 'admin'", "replacement": "bool(role)"}
KILLED = Mutation("only admins delete", **CHANGE, tests=("test_rules.py",))


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """Return a small git project with one rule and one test."""
    # It needs no plugin of this environment, and loading them takes most of the time.
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    root = tmp_path / "project"
    root.mkdir()
    (root / "rules.py").write_text(RULE)
    (root / "test_rules.py").write_text(TEST)
    author = ["-c", "user.name=Alice", "-c", "user.email=alice@example.com"]
    for command in (["init", "-q"], ["add", "."], [*author, "commit", "-qm", "Add a rule"]):
        subprocess.run(["git", *command], cwd=root, check=True)
    return root


@pytest.fixture
def copy(tree, tmp_path):
    made = Copy(tmp_path / "copy", Processes(), options=())
    made.fill(tree)
    return made


# --- the data file


def test_every_mutation_fits_the_tree():
    mutations = mutants.load()
    assert [str(result) for result in mutants.stale(mutations, mutants.ROOT)] == []
    assert 60 <= len(mutations) <= 75


def test_every_replacement_is_python():
    for mutation in mutants.load():
        source = (mutants.ROOT / mutation.file).read_bytes()
        assert mutation.applied(source) != source


def test_every_named_test_is_there():
    for mutation in mutants.load():
        for test in mutation.tests:
            path, _colons, name = test.partition("::")
            assert f"def {name}(" in (mutants.ROOT / path).read_text() or not name, test


def test_a_name_that_stands_twice_is_refused(tmp_path):
    names = {"name": "a", "file": "a.py", "text": "1", "replacement": "2"}
    lines = [f'{name} = "{value}"' for name, value in names.items()]
    entry = "\n".join(["[[mutation]]", *lines, 'tests = ["test_a.py"]', ""])
    path = tmp_path / "mutations.toml"
    path.write_text(entry * 2)
    with pytest.raises(Refused, match="Two mutations are named “a”"):
        mutants.load(path)
    path.write_text(entry.replace('"2"', '"1"'))
    with pytest.raises(Refused, match="changes nothing"):
        mutants.load(path)


# --- stale mutations


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({}, ""),
        ({"text": "role == 'owner'"}, "occurs 0 times in rules.py"),
        ({"text": "role"}, "occurs 2 times in rules.py"),
        ({"file": "gone.py"}, "gone.py does not exist"),
        ({"tests": ("test_gone.py::test_a",)}, "test_gone.py::test_a does not exist"),
    ],
)
def test_what_does_not_fit_is_stale(tree, changes, problem):
    stale = mutants.stale([dataclasses.replace(KILLED, **changes)], tree)
    assert [result.verdict for result in stale] == ([Verdict.STALE] if problem else [])
    assert all(problem in str(result) for result in stale)


@pytest.mark.processes
def test_uncommitted_changes_are_refused(tree):
    mutants.refuse_uncommitted([KILLED], tree)
    (tree / "rules.py").write_text(RULE + "\n")
    with pytest.raises(Refused, match=r"rules\.py"):
        mutants.refuse_uncommitted([KILLED], tree)


# --- verdicts


@pytest.mark.parametrize(
    ("status", "output", "verdict"),
    [
        (0, "1 passed", Verdict.SURVIVED),
        (1, "FAILED test_rules.py::test_a - assert\n1 failed", Verdict.KILLED),
        (1, "ERROR test_rules.py::test_a - ImportError\n1 error", Verdict.ERROR),
        (2, "ERROR test_rules.py - SyntaxError\n1 error", Verdict.ERROR),
        (4, "not found: test_gone.py", Verdict.ERROR),
        (-9, "FAILED test_rules.py::test_a", Verdict.ERROR),
    ],
)
def test_only_a_failed_test_kills(status, output, verdict):
    assert mutants.verdict_of(status, output) is verdict


@pytest.mark.processes
@pytest.mark.parametrize(
    ("replacement", "verdict"),
    [
        ("bool(role)", Verdict.KILLED),
        ("role in ('admin', 'owner')", Verdict.SURVIVED),
        ("role ==", Verdict.ERROR),
    ],
)
def test_a_mutation_is_judged_in_the_copy_alone(tree, copy, replacement, verdict):
    result = copy.judge(dataclasses.replace(KILLED, replacement=replacement))

    assert result.verdict is verdict
    assert (tree / "rules.py").read_text() == (copy.tree / "rules.py").read_text() == RULE


@pytest.mark.processes
def test_nothing_runs_on_after_the_end(copy):
    copy._processes.end()
    assert copy.judge(KILLED).verdict is Verdict.ERROR
    assert (copy.tree / "rules.py").read_text() == RULE
    assert not copy._processes.running


@pytest.mark.processes
def test_help_is_printed():
    subprocess.run([sys.executable, mutants.__file__, "--help"], check=True, capture_output=True)
