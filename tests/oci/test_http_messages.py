"""The bodies of responses, and the headers that describe them."""

import pytest

from registry_ui.oci.errors import OciError
from registry_ui.oci.manifest import OCI_MANIFEST
from tests.parts.scripted_server import Reply
from tests.parts.small_manifest import MANIFEST


@pytest.mark.parametrize("status", [200, 302, 401, 403, 500])
def test_compressed_bombs_are_never_unpacked(scripted, store, status):
    import tracemalloc
    import zlib

    bomb = zlib.compress(bytes(200_000_000), 9)
    headers = {
        "Content-Encoding": "deflate",
        "Content-Type": OCI_MANIFEST,
        "Location": "/elsewhere",
    }
    scripted.on("GET", MANIFEST, Reply(status, bomb, headers))
    tracemalloc.start()
    with pytest.raises(OciError):
        store.get_manifest("1.0")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 20_000_000
