"""The smallest image manifest, and the answers of a registry that has it or refuses it."""

import json

from registry_ui.oci.digest import Digest
from registry_ui.oci.manifest import OCI_CONFIG, OCI_MANIFEST

RAW = json.dumps(
    {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": {"mediaType": OCI_CONFIG, "digest": str(Digest.of(b"{}")), "size": 2},
        "layers": [],
    }
).encode()
DIGEST = Digest.of(RAW)
FOUND = {"Content-Type": f"{OCI_MANIFEST}; charset=utf-8", "Docker-Content-Digest": str(DIGEST)}
# The path of every manifest in the repository of the fixture `store`.
MANIFEST = "/v2/team/app/manifests/.*"


def error_body(code: str, message: str = "") -> bytes:
    """Return the body of a refusal (distribution spec, "Error Codes")."""
    return json.dumps({"errors": [{"code": code, "message": message}]}).encode()
