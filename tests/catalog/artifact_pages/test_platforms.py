from registry_ui.catalog.artifact_pages.platforms import choose_platform
from registry_ui.oci.manifest import Platform

HERE = str(Platform.of_this_machine())
ENTRIES = [
    {"platform": name, "digest": f"sha256:{number}"}
    for number, name in enumerate(["linux/s390x", HERE, "", "linux/arm/v7"])
]


def test_the_wanted_one_by_digest_or_by_name():
    assert choose_platform(ENTRIES, "sha256:3") == ENTRIES[3]
    assert choose_platform(ENTRIES, "linux/s390x") == ENTRIES[0]


def test_else_the_one_for_this_machine_else_the_first():
    assert choose_platform(ENTRIES) == ENTRIES[1]
    assert choose_platform(ENTRIES, "<script>") == ENTRIES[1]
    assert choose_platform([ENTRIES[3], ENTRIES[0]]) == ENTRIES[3]


def test_none_of_none():
    assert choose_platform([], "linux/amd64") is None
