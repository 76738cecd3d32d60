import pytest

from registry_ui.oci.errors import InvalidManifest
from registry_ui.oci.image_copy import PlatformChoice


@pytest.mark.parametrize(
    "text", ["linux", "linux/amd64/v8/x", "/amd64", "linux/", "li nux/amd64", "<b>/x"]
)
def test_malformed_platform_is_refused(text):
    with pytest.raises(InvalidManifest):
        PlatformChoice.parse(text)
