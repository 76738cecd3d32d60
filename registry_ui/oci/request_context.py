"""The request and the error response that an error message describes."""

from dataclasses import dataclass, field
from typing import Literal

Subject = Literal["registry", "login", "manifest", "blob", "upload", "tags", "repositories"]
"""The kind of thing that was requested."""


@dataclass(frozen=True, slots=True)
class RefusalTexts:
    """Texts, in lower case, by which registries say what the spec has no code for.

    Args:
        immutable: the tag or repository is immutable.
        over_quota: there is no room left.
        proxy_cache: the repository belongs to a proxy cache, which takes no pushes.
    """

    immutable: tuple[str, ...] = ("immutable",)
    over_quota: tuple[str, ...] = ("quota", "insufficient storage", "storage limit")
    proxy_cache: tuple[str, ...] = ("proxy cache", "proxy-cache")

    def __add__(self, other: "RefusalTexts") -> "RefusalTexts":
        return RefusalTexts(
            _merged(self.immutable, other.immutable),
            _merged(self.over_quota, other.over_quota),
            _merged(self.proxy_cache, other.proxy_cache),
        )


def _merged(first: tuple[str, ...], second: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(first + second))


GENERAL_TEXTS = RefusalTexts()
"""The texts that registries of several kinds use."""


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
        texts: the texts by which the registry says more than its codes.
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
    texts: RefusalTexts = GENERAL_TEXTS

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
        texts: the texts by which the registry says more than its codes.
    """

    status: int
    codes: tuple[str, ...]
    text: str
    retry_after: float | None
    texts: RefusalTexts = GENERAL_TEXTS

    @property
    def is_immutable(self) -> bool:
        """Return whether the tag or repository is immutable, for which the spec has no code."""
        return self.mentions(*self.texts.immutable)

    @property
    def is_over_quota(self) -> bool:
        """Return whether there is no room left."""
        return self.mentions(*self.texts.over_quota)

    @property
    def is_from_proxy_cache(self) -> bool:
        """Return whether the repository belongs to a proxy cache."""
        return self.mentions(*self.texts.proxy_cache)

    def mentions(self, *parts: str) -> bool:
        """Return whether the message contains one of some texts in lower case."""
        text = self.text.lower()
        return any(part in text for part in parts)
