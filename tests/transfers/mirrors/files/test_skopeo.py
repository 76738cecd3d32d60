import pytest

from tests.transfers.mirrors.mirror_files import SKOPEO
from transfers.mirrors.files import create_entries, read_file

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
