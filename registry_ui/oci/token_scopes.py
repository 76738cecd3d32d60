"""The scopes of registry tokens (distribution, "Token Scope Documentation")."""

from dataclasses import dataclass

from .challenges import parse_challenges
from .http_messages import Response

_SCOPE_LIMIT = 1000


@dataclass(frozen=True, slots=True)
class Scope:
    """The rights that a token gives: actions on a repository, and pull on a mount's source.

    Args:
        actions: separated by commas, such as `pull,push`.
        mounted_from: the repository that a blob is mounted from; a mount needs pull on it in the
            same token (PROTOCOL.md, "Authentication").
        kind: the resource's type; `registry` with the name `catalog` is the list of repositories.
    """

    repository: str
    actions: str = "pull"
    mounted_from: str = ""
    kind: str = "repository"

    @property
    def texts(self) -> tuple[str, ...]:
        """The values of the `scope` parameters, the push scope first.

        Some token services read only the first one (PROTOCOL.md, "Authentication").
        """
        first = f"{self.kind}:{self.repository}:{self.actions}"
        return (first, f"repository:{self.mounted_from}:pull") if self.mounted_from else (first,)


def missing_scopes(response: Response, requested: tuple[str, ...]) -> tuple[str, ...]:
    """Return the scopes that a refusal names and that were not requested."""
    # RFC 6750, "The WWW-Authenticate Response Header Field": `scope` names what is needed.
    challenges = parse_challenges(response.headers.get("WWW-Authenticate", ""))
    bearer = next((challenge for challenge in challenges if challenge.scheme == "bearer"), None)
    text = bearer.parameters.get("scope", "") if bearer is not None else ""

    # A registry chooses this text, and the next request repeats it in its URL.
    if len(text) > _SCOPE_LIMIT or not text.isascii():
        return ()
    return tuple(scope for scope in text.split() if not _is_covered(scope, requested))


def _is_covered(wanted: str, granted: tuple[str, ...]) -> bool:
    resource, actions = _resource_and_actions(wanted)
    for scope in granted:
        granted_resource, granted_actions = _resource_and_actions(scope)
        if granted_resource == resource and actions <= granted_actions:
            return True
    return False


def _resource_and_actions(scope: str) -> tuple[str, frozenset[str]]:
    resource, _, actions = scope.rpartition(":")
    return resource, frozenset(actions.split(","))
