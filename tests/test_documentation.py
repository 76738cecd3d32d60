"""The documents list the settings and commands of the code."""

import re

import pytest
from django.core.management import get_commands, load_command_class

from registry_ui.jobs.worker_groups import WORKER_GROUPS
from tests.parts.workers import ROOT

SOURCES = [*ROOT.glob("registry_ui/**/*.py"), *ROOT.glob("transfers/**/*.py")]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def settings_in_code():
    pattern = re.compile(r"\benv\.[a-z_]+\(\s*\"([A-Z_]+)\"")
    names = {name for path in SOURCES for name in pattern.findall(path.read_text())}
    # The supervisor reads the numbers of workers.
    names |= {group.setting for group in WORKER_GROUPS if group.setting}
    return {f"REGISTRY_UI_{name}" for name in names}


def settings_in(text):
    names = {name.removesuffix("_FILE") for name in re.findall(r"REGISTRY_UI_[A-Z_]*[A-Z]", text)}
    return {name for name in names if not name.startswith("REGISTRY_UI_TEST_")}


def test_the_configuration_lists_every_setting_and_no_other():
    listed = settings_in((ROOT / "docs/configuration.md").read_text())

    assert listed == settings_in_code()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_a_document_names_settings_that_exist(document):
    assert settings_in(document.read_text()) <= settings_in_code()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_a_document_names_commands_and_files_that_exist(document):
    text = document.read_text()
    commands = set(re.findall(r"manage\.py ([a-z_]+)", text))
    files = re.findall(r"\]\(((?!http)[^)#]+)\)", text)
    targets = set(
        re.findall(
            r"\bmake ([a-z-]+)",
            re.sub(r"[^`]*?(`[^`]*`|^    .*$)", r"\1\n", text, flags=re.MULTILINE),
        )
    )

    assert commands <= set(get_commands())
    assert [name for name in files if not (document.parent / name).exists()] == []
    assert targets <= set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


OWN_COMMANDS = sorted(
    name for name, app in get_commands().items() if app.startswith(("registry_ui", "transfers"))
)


@pytest.mark.parametrize("name", OWN_COMMANDS)
def test_every_command_explains_itself(name):
    assert len(help_of(name).splitlines()) > 10


def test_the_options_that_the_readme_shows_exist():
    for name in ("pull", "push", "tag"):
        assert all(
            option in help_of(name) for option in ("--now", "--detach", "--plain-http", "--team")
        )
    assert "--platform" in help_of("pull")
    assert "-u USERNAME" in help_of("login")
    assert "--grace-hours" in help_of("collect_blobs")
    assert "--repair" in help_of("scrub_blobs")


def help_of(name):
    return (
        load_command_class(get_commands()[name], name)
        .create_parser("manage.py", name)
        .format_help()
    )
