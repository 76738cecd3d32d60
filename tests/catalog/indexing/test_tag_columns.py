from registry_ui.catalog.indexing.tag_columns import (
    columns_of_artifact,
    columns_of_name,
    join_with_bars,
)
from registry_ui.catalog.models import UNSTATED, Artifact


def test_whole_values_are_found_between_bars():
    assert join_with_bars(["alpine", "slim"]) == "|alpine|slim|"
    assert join_with_bars([]) == ""


def test_the_name_decides_variant_order_and_whether_the_tag_moves():
    version, moving = columns_of_name("1.27.3-alpine"), columns_of_name("latest")

    assert (version["flavour"], version["is_floating"]) == ("|alpine|", False)
    assert moving["is_floating"]
    assert columns_of_name("1.9")["order_key"] < columns_of_name("1.10")["order_key"]
    assert columns_of_name("2.0-rc1")["is_prerelease"]


def test_a_hostile_name_fits_the_columns():
    assert len(columns_of_name("-".join(["alpine"] * 18))["flavour"]) <= 300


def test_the_artifact_decides_size_platforms_and_date():
    artifact = Artifact(
        size=5, built_at=UNSTATED, platforms=[{"platform": "linux/amd64"}, {"platform": ""}]
    )

    assert columns_of_artifact(artifact)["platforms"] == "|linux/amd64|"
    assert columns_of_artifact(None) == {
        "artifact": None,
        "platforms": "",
        "size": 0,
        "built_at": UNSTATED,
    }
