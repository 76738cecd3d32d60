import re

import pytest

from tests.transfers.mirrors.mirror_files import SKOPEO
from transfers.mirrors.files import create_entries, read_file
from transfers.mirrors.files.skopeo import is_skopeo, read
from transfers.mirrors.selection import Selection

HOST = "hub.example.com"

pytestmark = pytest.mark.django_db


def test_skopeo_files_need_a_target(team, registries):
    assert read_file(SKOPEO, team=team).needs_target

    entries = read_file(SKOPEO, team=team, target=registries["Company"], has_target=True).entries

    by_repository = {entry.values["repositories"][0]: entry for entry in entries}
    assert by_repository["busybox"].values["selection"] == {}
    # A YAML parser that takes it for a number makes 1.1 of it.
    assert by_repository["redis"].values["selection"] == {"tags": ["1.0", "1.10"]}
    assert by_repository["nginx"].values["selection"] == {"match": r"1\.13\.[12]-alpine-perl"}
    assert by_repository["alpine"].values["selection"] == {"versions": ">= 3.12.0"}
    assert all(entry.is_importable and entry.target == "company.example.com" for entry in entries)
    assert "Digests are not carried over" in " ".join(by_repository["redis"].warnings)


def test_skopeo_entries_become_mirrors_to_local_images(team, alice, registries):
    parsed_file = read_file(SKOPEO, team=team, target=None, has_target=True)

    created = create_entries(parsed_file.entries, team=team, user=alice)

    assert len(created) == 4
    assert all(mirror.is_local for mirror in created)


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({HOST: {"images": {"a": []}}}, True),
        ({HOST: {"images-by-semver": {}}}, True),
        ({HOST: {"images": {}}, "other.example.com": {"images-by-tag-regex": {}}}, True),
        ({}, False),
        ({HOST: {"images": {}}, "version": 1}, False),
        ({HOST: {"tls-verify": False}}, False),
        ({HOST: ["images"]}, False),
    ],
)
def test_a_file_is_skopeos_where_every_member_is_a_registry_with_images(document, expected):
    assert is_skopeo(document) is expected


@pytest.mark.parametrize(
    ("expression", "selected", "unselected"),
    [
        (r"^1\.13\.[12]-alpine$", ["1.13.1-alpine"], ["1.13.3-alpine", "1.13.1-alpine-perl"]),
        (r"alpine", ["alpine", "3.1-alpine-perl"], ["slim"]),
        (r"^1\.2", ["1.2", "1.20"], ["0.1.2"]),
        (r"alpine$", ["1.2-alpine"], ["alpine-1.2"]),
        # A choice between two expressions must not lose what stands around it.
        (r"a|b", ["xaz", "xbz"], ["xyz"]),
        (r"^1\.|-alpine$", ["1.2", "2.0-alpine"], ["2.1.0", "2.0-alpine-perl"]),
        (r"^(1|2)$", ["1", "2"], ["12", "1.2"]),
    ],
)
def test_an_expression_selects_the_tags_in_which_skopeo_finds_it(expression, selected, unselected):
    (entry,) = read({HOST: {"images-by-tag-regex": {"app": expression}}})
    assert all(re.search(expression, tag) for tag in selected)

    choices = Selection.parse(entry.values["selection"]).select([*selected, *unselected])

    assert {choice.tag for choice in choices if choice.is_selected} == set(selected)


def test_digests_alone_cannot_be_imported_and_beside_tags_are_left_out_with_a_warning():
    digest = f"sha256:{'0' * 64}"

    alone, mixed = read({HOST: {"images": {"alone": [digest], "mixed": [digest, "1.0"]}}})

    assert not alone.is_importable
    assert mixed.is_importable
    assert mixed.values["selection"] == {"tags": ["1.0"]}
    assert len(mixed.warnings) == 1


@pytest.mark.parametrize(("host", "name"), [(HOST, "UPPER/case"), ("not a host", "app")])
def test_an_invalid_name_is_the_problem_of_its_entry_alone(host, name):
    entries = list(read({host: {"images": {name: []}}, "other.example.com": {"images": {"a": []}}}))

    assert [entry.is_importable for entry in entries] == [False, True]


def test_each_setting_that_is_left_out_is_a_warning_and_its_secret_is_not_kept():
    registry = {
        "images": {"app": []},
        "credentials": {"username": "john", "password": "canary-secret"},
        "tls-verify": False,
        "cert-dir": "/certificates",
    }

    (entry,) = read({HOST: registry})

    assert len(entry.warnings) == 3
    assert "canary-secret" not in repr(entry)
    assert next(read({HOST: {"images": {"app": []}, "tls-verify": True}})).warnings == []


@pytest.mark.parametrize("images", [None, [], "app", 7])
def test_a_section_without_repositories_has_no_entries(images):
    assert list(read({HOST: {"images": images}})) == []
