"""Image references: registry / repository : tag @ digest.

See the distribution spec, "Pulling manifests", and docker's short forms.
"""

import re
from dataclasses import dataclass, field, replace

from .digest import Digest
from .errors import InvalidReference

DOCKER_HUB = "docker.io"
DEFAULT_REGISTRY = DOCKER_HUB
"""The registry of a name without one."""

DEFAULT_NAMESPACE = "library"
DEFAULT_TAG = "latest"

# All are the same registry (PROTOCOL.md, "Names").
_DOCKER_HUB_ALIASES = frozenset(
    {"docker.io", "index.docker.io", "registry-1.docker.io", "registry.hub.docker.com"}
)

# The grammar of the distribution spec, "Pulling manifests".
_COMPONENT = re.compile(r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_HOST = re.compile(rf"(?:{_LABEL}(?:\.{_LABEL})*|\[[0-9A-Fa-f:.]+\])(?::([0-9]{{1,5}}))?")

# Image ids are copied with and without their algorithm.
_BARE_DIGEST = re.compile(r"(?:sha256:)?[a-f0-9]{64}|(?:sha512:)?[a-f0-9]{128}")
_NAME_LIMIT = 255


def normalise_host(text: str) -> str:
    """Return a registry's host and port as references carry it, in lower case.

    All of Docker Hub's names become docker.io.

    Raises:
        InvalidReference: not a host name, IPv4 or bracketed IPv6 address with an optional port; a
            URL among them. Or a bare word, which in front of a repository means a namespace of
            Docker Hub.
    """
    host = text.strip().lower()
    match = _HOST.fullmatch(host)
    if match is None or (match[1] and not 0 < int(match[1]) < 65536):
        raise InvalidReference("host_invalid", text=text[:100])

    if not _is_host(host):
        raise InvalidReference("host_ambiguous", host=host[:100])

    return DOCKER_HUB if host in _DOCKER_HUB_ALIASES else host


def familiar_prefix(host: str) -> str:
    """Return the text before a repository as docker prints it: Docker Hub's host is left out."""
    return "" if host == DOCKER_HUB else f"{host}/"


def familiar_repository(host: str, repository: str) -> str:
    """Return a repository as docker prints it: without Docker Hub's `library/`."""
    return repository.removeprefix(f"{DEFAULT_NAMESPACE}/") if host == DOCKER_HUB else repository


def _is_host(first: str) -> bool:
    """Return whether docker takes the part before the first slash for a registry."""
    return "." in first or ":" in first or first == "localhost" or first.startswith("[")


def check_repository(repository: str) -> str:
    """Return the repository's name, unchanged, where the distribution spec allows it.

    Raises:
        InvalidReference: with the wrong component and its correction.
    """
    if not repository:
        raise InvalidReference("repository_missing")
    for component in repository.split("/"):
        if _COMPONENT.fullmatch(component) is None:
            raise _component_error(component, repository)
    return repository


def check_tag(tag: str) -> str:
    """Return the tag, unchanged, where the distribution spec allows it.

    Raises:
        InvalidReference: empty, too long, or with a forbidden character.
    """
    if _TAG.fullmatch(tag) is None:
        if not tag:
            raise InvalidReference("tag_missing")
        raise InvalidReference("tag_too_long" if len(tag) > 128 else "tag_invalid", tag=tag[:140])
    return tag


def _component_error(component: str, repository: str) -> InvalidReference:
    if not component:
        return InvalidReference("component_empty", repository=repository[:255])
    if component.lower() != component and _COMPONENT.fullmatch(component.lower()):
        return InvalidReference(
            "component_upper_case",
            component=component[:100],
            correction=component.lower()[:100],
        )
    return InvalidReference("component_invalid", component=component[:100])


def _refuse_non_reference(text: str) -> None:
    """Refuse, with advice, what people type in place of a reference: nothing, a URL, a digest."""
    if not text:
        raise InvalidReference("reference_empty")

    if "://" in text:
        raise InvalidReference("reference_is_url", text=text[:100])

    if any(character.isspace() or not character.isprintable() for character in text):
        raise InvalidReference("reference_has_spaces")

    if _BARE_DIGEST.fullmatch(text):
        raise InvalidReference("reference_is_digest", start=text[:19])


@dataclass(frozen=True, slots=True)
class Reference:
    """One image's complete name: missing parts are filled in as docker does.

    Two references are equal when they name the same thing, however they were written.

    Args:
        implied: the parts that were not written: some of `registry`, `namespace`, `tag`.
    """

    registry: str
    repository: str
    tag: str | None = None
    digest: Digest | None = None
    implied: frozenset[str] = field(default=frozenset(), compare=False)

    @classmethod
    def parse(cls, text: str) -> "Reference":
        """Parse the text that a person writes after `docker pull`.

        A name without a tag and a digest gets the tag `latest`. Where both are present the digest
        decides what is pulled.

        Raises:
            InvalidReference, InvalidDigest: with the wrong part and its correction.
        """
        rest = text.strip()
        _refuse_non_reference(rest)

        rest, at, digest_text = rest.partition("@")
        digest = Digest.parse(digest_text) if at else None

        name, tag = _split_tag(rest)
        implied = set()

        registry, repository = _split_registry(name)
        if registry is None:
            registry = DOCKER_HUB
            implied.add("registry")
        registry = normalise_host(registry)

        check_repository(repository)
        # Docker Hub's official images: nginx is library/nginx.
        if registry == DOCKER_HUB and "/" not in repository:
            repository = f"{DEFAULT_NAMESPACE}/{repository}"
            implied.add("namespace")

        if tag is not None:
            check_tag(tag)
        elif digest is None:
            tag = DEFAULT_TAG
            implied.add("tag")

        # The host counts too (distribution spec, "Pulling manifests": 255 for name and host).
        if len(registry) + 1 + len(repository) > _NAME_LIMIT:
            raise InvalidReference(
                "name_too_long", length=len(registry) + 1 + len(repository), limit=_NAME_LIMIT
            )
        return cls(registry, repository, tag, digest, frozenset(implied))

    @property
    def name(self) -> str:
        """Registry and repository, without tag and digest."""
        return f"{self.registry}/{self.repository}"

    @property
    def namespace(self) -> str:
        """The repository's path before its last component; empty where it has one component."""
        return self.repository.rpartition("/")[0]

    @property
    def identifier(self) -> str:
        """The text of a manifest request: the digest where there is one, else the tag."""
        return str(self.digest) if self.digest is not None else self.tag or DEFAULT_TAG

    @property
    def familiar(self) -> str:
        """The reference as docker prints it, without docker.io and library/."""
        if self.registry != DOCKER_HUB:
            return str(self)
        return self._suffixed(familiar_repository(self.registry, self.repository))

    def with_tag(self, tag: str) -> "Reference":
        """Return the same repository at another tag.

        Raises:
            InvalidReference: not a tag.
        """
        return replace(self, tag=check_tag(tag), digest=None, implied=self.implied - {"tag"})

    def with_digest(self, digest: Digest) -> "Reference":
        """Return the same repository at a digest, without a tag."""
        return replace(self, tag=None, digest=digest, implied=self.implied - {"tag"})

    def _suffixed(self, name: str) -> str:
        tag = f":{self.tag}" if self.tag else ""
        digest = f"@{self.digest}" if self.digest else ""
        return f"{name}{tag}{digest}"

    def __str__(self) -> str:
        return self._suffixed(self.name)


def _split_tag(text: str) -> tuple[str, str | None]:
    """Split at the last colon that is not a port's: one after the last slash."""
    slash = text.rfind("/")
    colon = text.rfind(":")
    if colon > slash and not (slash == -1 and text.startswith("[") and text.endswith("]")):
        return text[:colon], text[colon + 1 :]
    return text, None


def _split_registry(name: str) -> tuple[str | None, str]:
    first, slash, rest = name.partition("/")
    if slash and _is_host(first):
        return first, rest
    return None, name
