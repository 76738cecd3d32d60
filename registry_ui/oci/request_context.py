"""The request and the error response that an error message describes."""

from dataclasses import dataclass, field
from typing import Literal

Subject = Literal["registry", "login", "manifest", "blob", "upload", "tags", "repositories"]
"""The kind of thing that was requested."""

# No code of the spec means a full quota: only the texts of the registries tell.
_QUOTA_TEXTS = (
    "quota",
    "exceed the configured upper limit",
    "insufficient storage",
    "storage limit",
)


@dataclass(frozen=True, slots=True)
class RequestContext:
    """One request in the terms of error messages.

    Args:
        host: the registry as references carry it.
        subject: the kind of thing that was requested.
        name: the tag or digest.
        is_push: whether something was to be stored.
        is_deletion: whether something was to be deleted.
        is_anonymous: whether no credential was sent.
        is_known: whether the token service accepted the credential, so that a 401 is about rights.
        secrets: texts to remove from the registry's messages.
    """

    host: str
    subject: Subject
    repository: str = ""
    name: str = ""
    is_push: bool = False
    is_deletion: bool = False
    is_anonymous: bool = True
    is_known: bool = False
    secrets: tuple[str, ...] = field(default=(), repr=False)

    @property
    def location(self) -> str:
        """The host, with the repository where there is one."""
        return f"{self.host}/{self.repository}" if self.repository else self.host


@dataclass(frozen=True, slots=True)
class ErrorResponse:
    """A registry's response with an error status.

    Args:
        codes: the error codes of the body, in upper case.
        text: the registry's own message, without secrets.
        retry_after: seconds, where the registry stated them.
    """

    status: int
    codes: tuple[str, ...]
    text: str
    retry_after: float | None

    @property
    def is_immutable(self) -> bool:
        """Return whether the tag or repository is immutable, for which the spec has no code."""
        return self.mentions("immutable")

    @property
    def is_over_quota(self) -> bool:
        """Return whether there is no room left, in the words of Harbor, Quay and others."""
        return self.mentions(*_QUOTA_TEXTS)

    def mentions(self, *parts: str) -> bool:
        """Return whether the message contains one of some texts in lower case."""
        text = self.text.lower()
        return any(part in text for part in parts)
