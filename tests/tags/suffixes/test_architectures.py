import pytest

from registry_ui.tags import parse_tag


@pytest.mark.parametrize(
    ("text", "architecture"),
    [
        ("arm64v8-latest", "arm64"),
        ("1.2-linux-amd64", "amd64"),
        ("1.2-x86_64", "amd64"),
        ("1.2-linux-arm-v6", "arm/v6"),
        ("1.2-s390x", "s390x"),
        ("1.2-i386", "386"),
        ("386", ""),
    ],
)
def test_architectures_are_named_as_oci_names_them(text, architecture):
    assert parse_tag(text).architecture == architecture
