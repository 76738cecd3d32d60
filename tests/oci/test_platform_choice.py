import json

import pytest

from registry_ui.oci.errors import InvalidManifest, PlatformMissing
from registry_ui.oci.manifest import Manifest, Platform
from registry_ui.oci.platform_choice import PlatformChoice, best_child, reduced_index
from tests.parts.images import build_index


@pytest.mark.parametrize(
    "text", ["linux", "linux/amd64/v8/x", "/amd64", "linux/", "li nux/amd64", "<b>/x"]
)
def test_malformed_platform_is_refused(text):
    with pytest.raises(InvalidManifest):
        PlatformChoice.parse(text)


def index_of(*platforms, attestation=False):
    built = build_index(platforms=platforms, attestation=attestation, layer_size=100)
    return built, Manifest.parse(built.content, built.media_type)


def platforms_of(index):
    return [str(child.platform) for child in index.children]


def test_a_choice_is_parsed_from_a_forms_value():
    assert PlatformChoice.parse(" ALL ").is_all
    assert PlatformChoice.parse("") == PlatformChoice(Platform.of_this_machine())
    chosen = PlatformChoice.parse("Linux/ARM64")
    assert (chosen.label, chosen.is_explicit, chosen.is_all) == ("linux/arm64", True, False)
    assert PlatformChoice.any_of([]).is_all
    assert PlatformChoice.any_of(["linux/amd64", "linux/arm/v7"]).label == (
        "linux/amd64, linux/arm/v7"
    )


def test_the_exact_variant_comes_before_a_compatible_one():
    built, index = index_of("linux/arm64", "linux/arm64/v8")

    for number, wanted in enumerate(["linux/arm64", "linux/arm64/v8"]):
        child = best_child(index, Platform.parse(wanted))
        assert str(child.digest) == built.children[number].digest
    assert best_child(index_of("linux/arm64")[1], Platform.parse("linux/arm64/v8"))


def test_a_missing_platform_is_reported_with_those_on_offer():
    _built, index = index_of("linux/amd64", "linux/arm64", attestation=True)

    for call in (
        lambda: best_child(index, Platform.parse("linux/s390x")),
        lambda: reduced_index(index, PlatformChoice.any_of(["linux/s390x"])),
    ):
        with pytest.raises(
            PlatformMissing, match=r"^platform_missing wanted=linux/s390x"
        ) as caught:
            call()
        assert caught.value.parameters["offered"] == ["linux/amd64", "linux/arm64"]


def test_a_reduced_index_keeps_entries_and_attestations_of_the_chosen_images():
    built, index = index_of("linux/amd64", "linux/arm64", "linux/s390x", attestation=True)
    choice = PlatformChoice.any_of(["linux/s390x", "linux/amd64"])

    reduced = reduced_index(index, choice)

    assert platforms_of(reduced) == ["linux/amd64", "linux/s390x", *["unknown/unknown"] * 2]
    kept = [json.loads(built.content)["manifests"][number] for number in (0, 2, 3, 5)]
    assert json.loads(reduced.raw)["manifests"] == kept
    assert reduced.raw == reduced_index(index, choice).raw
    assert reduced.digest != index.digest


def test_an_index_of_which_everything_was_chosen_keeps_its_digest():
    _built, index = index_of("linux/amd64", "linux/arm64", attestation=True)

    assert reduced_index(index, PlatformChoice.any_of(["linux/amd64", "linux/arm64"])) is index
