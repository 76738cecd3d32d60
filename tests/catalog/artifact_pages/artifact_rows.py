"""Rows of images and other artifacts for the tests of their pages."""

import json
from typing import Any

from registry_ui.catalog.models import Artifact, ArtifactDocument
from registry_ui.oci.manifest import OCI_CONFIG, OCI_INDEX, OCI_LAYER_GZIP, OCI_MANIFEST
from registry_ui.registries.models import Registry
from tests.parts.index_rows import digest_of

BASE = "/bin/sh -c #(nop) ADD file:0d2f1c8e7a in / "
HISTORY = [
    {"created_by": BASE},
    {"created_by": '/bin/sh -c #(nop)  CMD ["/bin/sh"]', "empty_layer": True},
    {"created_by": "ENV NGINX_VERSION=1.27.3", "empty_layer": True},
    {
        "created_by": "RUN /bin/sh -c set -x && addgroup -g 101 -S nginx "
        "&& apk add --no-cache tzdata curl # buildkit"
    },
    {"created_by": "COPY docker-entrypoint.sh / # buildkit"},
    {"created_by": 'ENTRYPOINT ["/docker-entrypoint.sh"]', "empty_layer": True},
    {"created_by": "EXPOSE map[80/tcp:{}]", "empty_layer": True},
]
RUN: dict[str, Any] = {
    "User": "101:101",
    "WorkingDir": "/usr/share/nginx/html",
    "Entrypoint": ["/docker-entrypoint.sh"],
    "Cmd": ["nginx", "-g", "daemon off;"],
    "ExposedPorts": {"80/tcp": {}, "443/tcp": {}},
    "Volumes": {"/var/cache/nginx": {}},
    "Env": [
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin",
        "NGINX_VERSION=1.27.3",
        "NJS_VERSION=0.8.7",
    ],
    "Labels": {
        "maintainer": "NGINX Docker Maintainers",
        "org.opencontainers.image.source": "https://github.com/nginx/docker-nginx",
        "org.opencontainers.image.licenses": "BSD-2-Clause",
    },
    "StopSignal": "SIGQUIT",
    "Healthcheck": {
        "Test": ["CMD-SHELL", "curl -fsS http://localhost/ || exit 1"],
        "Interval": 30_000_000_000,
        "Timeout": 3_000_000_000,
        "StartPeriod": 60_000_000_000,
        "Retries": 3,
    },
}
LAYERS = (("alpine-3.20", 3_600_000), ("nginx packages", 1_400_000), ("entrypoint", 1200))


def save_artifact(
    registry: Registry, document: dict[str, Any] | bytes, config: bytes = b"", **columns: Any
) -> Artifact:
    """Save a row for any manifest, without blobs."""
    raw = document if isinstance(document, bytes) else json.dumps(document).encode()
    values = {
        "media_type": OCI_MANIFEST,
        "config_digest": digest_of(config or b"{}"),
        "manifest_size": len(raw),
        **columns,
    }
    artifact = Artifact.objects.create(
        registry=registry, team=registry.team, digest=digest_of(raw), **values
    )
    ArtifactDocument.of(artifact, raw, config).save()
    return artifact


def described(text: str | bytes, media_type: str = OCI_LAYER_GZIP, **more: Any) -> dict[str, Any]:
    content = text.encode() if isinstance(text, str) else text
    return {"mediaType": media_type, "digest": digest_of(content), "size": len(content), **more}


def manifest_of(
    config: bytes | dict[str, Any] = b"{}",
    layers: Any = (),
    config_type: str = OCI_CONFIG,
    **more: Any,
) -> dict[str, Any]:
    """Return a manifest; `config` is the config's content, or its descriptor."""
    named = config if isinstance(config, dict) else described(config, config_type)
    return {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": named,
        "layers": list(layers),
        **more,
    }


def save_helm_chart(registry: Registry) -> Artifact:
    config = json.dumps({"name": "demo", "version": "0.3.1", "description": "A chart"}).encode()
    layer = described(
        "chart",
        "application/vnd.cncf.helm.chart.content.v1.tar+gzip",
        annotations={"org.opencontainers.image.title": "demo.tgz"},
    )
    document = manifest_of(
        config,
        [layer],
        "application/vnd.cncf.helm.config.v1+json",
        annotations={"org.opencontainers.image.title": "demo"},
    )
    return save_artifact(
        registry,
        document,
        config,
        artifact_type="application/vnd.cncf.helm.config.v1+json",
        layer_count=1,
        size=5000,
    )


def save_index_with_attestation(registry: Registry, *images: Artifact) -> Artifact:
    """Save an index as BuildKit writes it: each image with an attestation beside it."""
    entries = []
    for image in images:
        system, architecture = image.platforms[0]["platform"].split("/")[:2]
        named = {"mediaType": image.media_type, "digest": image.digest, "size": image.manifest_size}
        entries.append({**named, "platform": {"os": system, "architecture": architecture}})
    for image in images:
        notes = {
            "vnd.docker.reference.type": "attestation-manifest",
            "vnd.docker.reference.digest": image.digest,
        }
        statement = described(f"attestation of {image.digest}", OCI_MANIFEST)
        entries.append(
            {
                **statement,
                "platform": {"os": "unknown", "architecture": "unknown"},
                "annotations": notes,
            }
        )
    document = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": entries}
    columns = {
        "media_type": OCI_INDEX,
        "config_digest": "",
        "size": sum(image.size for image in images),
        "built_at": images[0].built_at,
    }
    index = save_artifact(
        registry, document, platforms=[image.platforms[0] for image in images], **columns
    )
    for position, image in enumerate(images):
        index.child_links.create(
            child=image, position=position, platform=image.platforms[0]["platform"]
        )
    return index
