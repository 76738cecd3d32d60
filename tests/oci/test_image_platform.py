import pytest

from registry_ui.oci.errors import InvalidManifest
from registry_ui.oci.manifest import Platform


@pytest.mark.parametrize(
    ("offered", "wanted", "fits"),
    [
        ("linux/arm64/v8", "linux/arm64", True),
        ("linux/arm64", "linux/arm64/v8", True),
        ("linux/arm/v7", "linux/arm", True),
        ("linux/arm/v6", "linux/arm/v7", False),
        ("linux/amd64", "linux/arm64", False),
        ("windows/amd64", "linux/amd64", False),
    ],
)
def test_a_platform_serves_another(offered, wanted, fits):
    assert Platform.parse(offered).satisfies(Platform.parse(wanted)) is fits


@pytest.mark.parametrize("text", ["linux/amd64", "linux/arm64/v8", "windows/amd64"])
def test_platform_survives_its_text(text):
    assert str(Platform.parse(text)) == text


@pytest.mark.parametrize(
    "text", ["", "linux", "linux/", "/amd64", "a/b/c/d", "linux/am d64", "linux/../x"]
)
def test_malformed_platforms(text):
    with pytest.raises(InvalidManifest):
        Platform.parse(text)


def test_platforms_that_serve_each_other():
    arm64, v8 = Platform.parse("linux/arm64"), Platform.parse("linux/arm64/v8")
    assert arm64.satisfies(v8)
    assert v8.satisfies(arm64)
    assert not Platform.parse("linux/arm/v6").satisfies(Platform.parse("linux/arm/v7"))
    assert Platform.parse("linux/arm/v7").satisfies(Platform.parse("linux/arm"))
    assert not arm64.satisfies(Platform.parse("linux/amd64"))
