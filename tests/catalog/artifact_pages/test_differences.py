import random

import pytest

from registry_ui.catalog.artifact_pages.differences import align, differences_of
from registry_ui.oci.image_config import config_facts


def changes(left, right):
    differences = differences_of(config_facts({"config": left}), config_facts({"config": right}))
    return [
        (str(entry.label), entry.key, entry.left, entry.right, entry.change)
        for entry in differences
    ]


def test_single_entries():
    assert changes(
        {"User": "101", "WorkingDir": "/a"}, {"WorkingDir": "/b", "StopSignal": "SIGTERM"}
    ) == [
        ("User", "", "101", "", "removed"),
        ("Folder", "", "/a", "/b", "changed"),
        ("Stop signal", "", "", "SIGTERM", "added"),
    ]


def test_variables_ports_volumes_and_labels_by_name():
    left = {"Env": ["A=1", "B=2", "EMPTY="], "ExposedPorts": {"80/tcp": {}}, "Labels": {"x": "1"}}
    right = {
        "Env": ["A=1", "B=3", "EMPTY=x"],
        "ExposedPorts": {"443/tcp": {}},
        "Volumes": {"/data": {}},
    }

    assert changes(left, right) == [
        ("Environment", "A", "1", "1", "equal"),
        ("Environment", "B", "2", "3", "changed"),
        ("Environment", "EMPTY", "", "x", "changed"),
        ("Port", "443/tcp", "", "443/tcp", "added"),
        ("Port", "80/tcp", "80/tcp", "", "removed"),
        ("Volume", "/data", "", "/data", "added"),
        ("Label", "x", "1", "", "removed"),
    ]


def test_the_health_check_is_one_sentence():
    check = {"Test": ["CMD-SHELL", "curl"], "Interval": 30_000_000_000, "Retries": 3}

    ((label, _key, left, right, change),) = changes(
        {"Healthcheck": check}, {"Healthcheck": {"Test": ["NONE"]}}
    )

    assert (label, right, change) == ("Health check", "switched off", "changed")
    assert left.replace("\xa0", " ") == "curl · every 30 s · retries 3"


@pytest.mark.parametrize(
    ("left", "right", "marks"),
    [
        ("abc", "abc", "a b c"),
        ("abc", "abxc", "a b +x c"),
        ("abxc", "abc", "a b -x c"),
        ("abc", "xyz", "-a -b -c +x +y +z"),
        ("", "ab", "+a +b"),
        ("ab", "", "-a -b"),
        ("aa", "aaa", "a a +a"),
        ("abcd", "bd", "-a b -c d"),
    ],
)
def test_two_sequences_are_merged(left, right, marks):
    signs = {"equal": "", "removed": "-", "added": "+"}

    assert " ".join(signs[change] + item for item, change in align(left, right)) == marks


def test_both_sequences_can_be_restored():
    chance = random.Random(7)
    for _round in range(200):
        left, right = (
            ["ab"[chance.randrange(2)] for _item in range(chance.randrange(9))]
            for _side in range(2)
        )

        aligned = align(left, right)

        assert [item for item, change in aligned if change != "added"] == left
        assert [item for item, change in aligned if change != "removed"] == right


def test_very_long_sequences_are_not_compared():
    left, right = ["a", *("b" * 400), "x"], ["c", *("d" * 400), "x"]

    aligned = align(left, right)

    assert len(aligned) == 803
    assert [change for _item, change in aligned].count("equal") == 1
