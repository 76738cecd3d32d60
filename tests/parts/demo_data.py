"""Demo data: a team with rows of every kind, so that every page has something to show."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils import timezone

from registry_ui.accounts.models import ApiToken
from registry_ui.catalog.models import Artifact, IndexRun, Repository
from registry_ui.credentials.models import Credential, CredentialGrant
from registry_ui.images.models import ArchiveUpload, ImmutableTagRule, LocalImage
from registry_ui.images.services import name_image
from registry_ui.images.store import LocalStore
from registry_ui.oci.digest import Digest
from registry_ui.oci.errors import Denied, HostUnknown, Unauthorized
from registry_ui.oci.reference import Reference
from registry_ui.registries.models import Health, Listing, Registry, Security
from tests.images.conftest import put
from tests.parts.demo_audit_log import create_demo_events, create_demo_tokens
from tests.parts.demo_mirrors import DemoMirrors, create_demo_mirrors
from tests.parts.demo_shares import create_demo_shares
from tests.parts.images import build_image
from tests.parts.index_rows import BUILT, make_image, make_index, make_repository
from tests.parts.processes import free_port
from tests.transfers.rows import layer, transfer_row
from transfers.models import Kind, State, Transfer

_MIB = 1024 * 1024
_HISTORY = [
    {"created": BUILT.isoformat(), "created_by": "/bin/sh -c #(nop) ADD file:4f2a9c1 in /"},
    {"created": BUILT.isoformat(), "created_by": 'CMD ["bash"]', "empty_layer": True},
    {
        "created": BUILT.isoformat(),
        "created_by": "RUN /bin/sh -c apt-get update && apt-get install -y nginx # buildkit",
    },
    {"created": BUILT.isoformat(), "created_by": "COPY site /usr/share/nginx/html # buildkit"},
]
_RUN = {
    "User": "nginx",
    "Env": ["PATH=/usr/local/bin:/usr/bin", "NGINX_VERSION=1.27.3"],
    "Entrypoint": ["/docker-entrypoint.sh"],
    "Cmd": ["nginx", "-g", "daemon off;"],
    "ExposedPorts": {"80/tcp": {}},
    "Volumes": {"/var/cache": {}},
    "Labels": {
        "org.opencontainers.image.source": "https://example.com/shop",
        "maintainer": "shop@example.com",
    },
    "Healthcheck": {"Test": ["CMD", "curl", "-f", "http://localhost/"], "Interval": 30_000_000_000},
}
_NAMES = (
    "latest",
    "1.27.3",
    "1.27",
    "1",
    "1.27.3-alpine3.20",
    "1.27.3-slim",
    "1.28.0-rc.1",
    "stable",
    "feature-login",
    "sha-4f2a9c1",
)


@dataclass
class DemoData:
    """The rows of the demo data that tests refer to."""

    registry: Registry
    empty_registry: Registry
    credential: Credential
    repository: Repository
    index: Artifact
    other: Artifact
    local: LocalImage
    transfers: dict[str, Transfer]
    robot: ApiToken
    grant: CredentialGrant
    shared_credential: Credential
    upload: ArchiveUpload
    rule: ImmutableTagRule
    mirrors: DemoMirrors

    @property
    def left(self) -> Reference:
        """The index, by one of its tags."""
        return self.repository.reference.with_tag("1.27.3")

    @property
    def right(self) -> Reference:
        """Another image of the same repository."""
        return self.repository.reference.with_tag("1.27")


def create_demo_data(team: Any, user: Any) -> DemoData:
    """Create rows of every kind for a team.

    Nothing listens at its registry's port, so requests to it fail at once.
    """
    host = f"127.0.0.1:{free_port()}"
    registry = Registry.objects.create(
        team=team,
        name="Company",
        host=host,
        security=Security.PLAIN_HTTP,
        health=Health.HEALTHY,
        listing=Listing.CATALOG,
    )
    empty = Registry.objects.create(
        team=team,
        name="Old",
        host="old.example.com",
        health=Health.FAILING,
        health_error=HostUnknown("name_unknown", host="old.example.com").stored(),
    )
    credential = Credential(
        team=team,
        registry=registry,
        username="robot",
        label="Build server",
        expires_at=timezone.now() + timedelta(days=3),
    )
    credential.set_secret("not-a-real-secret")
    credential.save()
    repository, index, other = _browsable(registry)
    local = _local_image(team, user, f"{host}/shop/app:1.27.3")
    _local_image(team, user, "docker.io/library/nginx:latest")
    _index_runs(registry, user)
    transfers = _transfers(team, user, host)
    robot = create_demo_tokens(team, user)
    create_demo_events(team, user, registry, credential, transfers)
    grant, shared_credential = create_demo_shares(user, credential)
    upload, mirrors = _upload(team, user), create_demo_mirrors(team, user, registry, empty)
    rule = ImmutableTagRule.objects.create(
        team=team, repository_pattern="*", tag_pattern="v*", created_by=user
    )

    return DemoData(
        registry,
        empty,
        credential,
        repository,
        index,
        other,
        local,
        transfers,
        robot,
        grant,
        shared_credential,
        upload,
        rule,
        mirrors,
    )


def _browsable(registry: Registry) -> tuple[Repository, Artifact, Artifact]:
    base = ("debian", 30 * _MIB)
    images = [
        make_image(
            registry,
            base,
            (f"app {platform}", 12 * _MIB),
            ("site", 4 * _MIB),
            platform=platform,
            run=_RUN,
            history=_HISTORY,
        )
        for platform in ("linux/amd64", "linux/arm64")
    ]
    index = make_index(registry, *images)
    other = make_image(
        registry,
        base,
        ("older app", 11 * _MIB),
        run={**_RUN, "User": "root"},
        history=_HISTORY,
        built_at=BUILT - timedelta(days=90),
        annotations={
            "org.opencontainers.image.url": "https://example.com/",
            "org.opencontainers.image.title": "Shop",
        },
    )
    make_image(
        registry,
        ("signature", 900),
        artifact_type="application/vnd.dev.cosign.artifact.sig.v1+json",
        subject=index,
    )
    tags: dict[str, Artifact | None] = {
        name: index if number % 2 else other for number, name in enumerate(_NAMES)
    }
    repository = make_repository(registry, "shop/app", {**tags, "not-yet-fetched": None})
    make_repository(registry, "shop/worker", {"2.0.0": other}, is_added_by_name=True)
    make_repository(
        registry,
        "tools/broken",
        problem=Denied("denied_pull", host=registry.host, repository="tools/broken").stored(),
    )

    return repository, index, other


def _upload(team: Any, user: Any) -> ArchiveUpload:
    """Create an inspected archive: one image with a name, and one without."""
    image = {
        "image_id": f"sha256:{'1' * 64}",
        "platforms": ["linux/amd64"],
        "size": 3 * _MIB,
        "tag": "",
        "is_rebuilt": True,
    }
    found = [
        {**image, "digest": f"sha256:{'2' * 64}", "names": ["docker.io/library/app:1.0"]},
        {**image, "digest": f"sha256:{'3' * 64}", "names": []},
    ]
    ArchiveUpload.objects.create(team=team, created_by=user, name="cut-off.tar", size=9 * _MIB)

    return ArchiveUpload.objects.create(
        team=team, created_by=user, name="images.tar", size=6 * _MIB, images=found
    )


def _local_image(team: Any, user: Any, name: str) -> LocalImage:
    reference, built = Reference.parse(name), build_image(seed=name, layer_size=2000)
    put(LocalStore(team, reference, user=user), built)
    digest = Digest.parse(built.digest)
    return name_image(
        team=team, user=user, name=reference, digest=digest, source_digest=digest, origin=name
    )


def _index_runs(registry: Registry, user: Any) -> None:
    progress = {
        "phase": "counting",
        "repositories": 3,
        "repositories_done": 3,
        "tags": 13,
        "tags_done": 13,
        "fetched": 4,
        "requests": 31,
    }
    IndexRun.objects.create(
        team=registry.team,
        registry=registry,
        user=user,
        requested_by=user.get_username(),
        state=State.SUCCEEDED,
        progress={**progress, "problems": 1, "pause": None},
        started_at=BUILT,
        finished_at=BUILT + timedelta(seconds=40),
    )


def _transfers(team: Any, user: Any, host: str) -> dict[str, Transfer]:
    layers = [
        layer("base", "exists"),
        layer("runtime", "done"),
        layer("program", "transferring", offset=_MIB // 2),
    ]
    name = f"{host}/shop/app:1.27.3"
    error = Unauthorized("credential_refused", host=host, location=f"{host}/shop/app").stored()
    ended = {
        "digest": f"sha256:{'4f' * 32}",
        "size": 1234,
        "bytes_done": 3 * _MIB,
        "bytes_total": 3 * _MIB,
    }

    return {
        "running": transfer_row(
            team, user, state=State.RUNNING, layers=layers, bytes_done=_MIB, bytes_total=3 * _MIB
        ),
        "failed": transfer_row(team, user, state=State.FAILED, layers=layers, error=error),
        "succeeded": transfer_row(team, user, state=State.SUCCEEDED, layers=layers[:2], **ended),
        "queued": transfer_row(
            team,
            user,
            kind=Kind.PUSH,
            source=name,
            target=name,
            source_is_local=True,
            target_is_local=False,
        ),
        "cancelled": transfer_row(team, user, state=State.CANCELLED, age=3600),
        "deleted": transfer_row(
            team,
            user,
            kind=Kind.DELETE,
            state=State.SUCCEEDED,
            source=name,
            target=name,
            target_is_local=False,
        ),
    }
