from .index import (
    UNSTATED,
    Artifact,
    ArtifactBlob,
    ArtifactChild,
    ArtifactDocument,
    Blob,
    Repository,
    RepositoryBlob,
    Tag,
)
from .index_run import IndexRun

__all__ = [
    "UNSTATED",
    "Artifact",
    "ArtifactBlob",
    "ArtifactChild",
    "ArtifactDocument",
    "Blob",
    "IndexRun",
    "Repository",
    "RepositoryBlob",
    "Tag",
]
