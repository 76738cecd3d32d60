"""Index runs against real registries, through a proxy that records the requests."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from registry_ui.catalog.indexing import index_services
from registry_ui.catalog.models import IndexRun, Repository, Tag
from registry_ui.oci.connections import Limits
from registry_ui.registries.models import Registry
from tests.parts.registries import RunningRegistry


@pytest.fixture
def index() -> Callable[..., IndexRun]:
    """Return a function that runs an index run in this process and returns its row."""

    def run(registry: Registry, repository: str = "", user: Any = None) -> IndexRun:
        return index_services.run_index_inline(
            index_services.start_index(
                registry=registry, repository=repository, user=user, enqueue=False
            )
        )

    return run


@pytest.fixture
def hasty(monkeypatch) -> None:
    """Make clients give up soon."""
    limits = Limits(connect=1, read=2, tries=3, first_pause=0.02, longest_pause=5, all_pauses=8)
    monkeypatch.setattr("registry_ui.oci.registry_session.Limits", lambda: limits)


def names(registry: Registry) -> dict[str, str]:
    """Return the indexed digests by `repository:tag`."""
    tags = Tag.objects.filter(repository__registry=registry).select_related("repository")
    return {f"{tag.repository.name}:{tag.name}": tag.digest for tag in tags}


def tag_of(registry: Registry, repository: str, name: str) -> Tag:
    return Tag.objects.select_related("artifact", "repository").get(
        repository__registry=registry, repository__name=repository, name=name
    )


def repository_of(registry: Registry, name: str) -> Repository:
    return Repository.objects.get(registry=registry, name=name)


def write_repository(
    running: RunningRegistry, source: str, target: str, tags: dict[str, str]
) -> None:
    """Copy a repository on the registry's disk, with other tags: much faster than to push it."""
    root = Path(running.folder) / "storage/docker/registry/v2/repositories"
    for path in sorted((root / source).rglob("link")):
        if "tags" not in path.parts:
            copied = root / target / path.relative_to(root / source)
            copied.parent.mkdir(parents=True, exist_ok=True)
            copied.write_bytes(path.read_bytes())
    for tag, digest in tags.items():
        current = root / target / "_manifests/tags" / tag / "current"
        current.mkdir(parents=True, exist_ok=True)
        (current / "link").write_text(digest)
