from .grant import CredentialGrant
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
from .registry import (
    EXPIRY_WARNING,
    Credential,
    Health,
    Listing,
    Provider,
    Registry,
    Security,
    validate_host,
)
from .run import IndexRun

__all__ = [
    "EXPIRY_WARNING",
    "UNSTATED",
    "Artifact",
    "ArtifactBlob",
    "ArtifactChild",
    "ArtifactDocument",
    "Blob",
    "Credential",
    "CredentialGrant",
    "Health",
    "IndexRun",
    "Listing",
    "Provider",
    "Registry",
    "Repository",
    "RepositoryBlob",
    "Security",
    "Tag",
    "validate_host",
]
