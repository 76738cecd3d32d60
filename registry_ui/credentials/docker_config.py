"""The logins of a ~/.docker/config.json ("docker login" reference, "Credential stores")."""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from registry_ui.oci.errors import InvalidReference, OciError
from registry_ui.registries.hosts import read_host

# A configuration has a few KiB, also with many registries.
SIZE_LIMIT = 256 * 1024
# More entries than people have; the import page shows every one.
ENTRY_LIMIT = 200
IDENTITY_TOKEN_USER = "<token>"  # noqa: S105  # docker's name for “the secret is an identity token”


class InvalidDockerConfig(OciError):
    """A text that is no docker configuration. The message never quotes the text."""


@dataclass(frozen=True, slots=True)
class Login:
    host: str
    username: str
    secret: str = field(repr=False)

    @property
    def is_identity_token(self) -> bool:
        return self.username == IDENTITY_TOKEN_USER


@dataclass(frozen=True, slots=True)
class Skipped:
    """An entry that cannot be imported, with the reason."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class DockerConfig:
    logins: tuple[Login, ...]
    skipped: tuple[Skipped, ...]


def parse_docker_config(text: str) -> DockerConfig:
    """Read the logins of a docker configuration.

    Raises:
        InvalidDockerConfig
    """
    document = _load(text)
    logins: dict[tuple[str, str], Login] = {}
    skipped: list[Skipped] = []
    for key, entry in _auths(document).items():
        result = _read_entry(key, entry)
        # `https://index.docker.io/v1/` and `docker.io` are the same registry, so a login can
        # repeat.
        if isinstance(result, Login) and (result.host, result.username) in logins:
            # Of two secrets only one is stored, so the other must not be lost unnoticed.
            if logins[result.host, result.username].secret != result.secret:
                skipped.append(
                    Skipped(
                        _shown(key),
                        _("A second secret for %(user)s at %(host)s.")
                        % {"user": result.username, "host": result.host},
                    )
                )
        elif isinstance(result, Login):
            logins[result.host, result.username] = result
        elif result is not None:
            skipped.append(result)

    return DockerConfig(
        tuple(logins.values()),
        (*skipped, *_helpers(document, {login.host for login in logins.values()})),
    )


def _load(text: str) -> Mapping[str, Any]:
    if len(text) > SIZE_LIMIT:
        raise InvalidDockerConfig("docker_config_too_long")
    try:
        # Editors on Windows may begin a file with a byte order mark.
        document = json.loads(text.lstrip("\ufeff"))
    except json.JSONDecodeError as exc:
        # The JSONDecodeError has the whole text with its secrets: hence `from None` below.
        raise InvalidDockerConfig(
            "docker_config_not_json", line=exc.lineno, column=exc.colno
        ) from None
    # Python refuses integers of more than 4300 digits with a ValueError.
    except (RecursionError, ValueError):
        raise InvalidDockerConfig("docker_config_too_deep") from None
    if not isinstance(document, dict):
        raise InvalidDockerConfig("docker_config_not_object")

    return document


def _auths(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return `auths`; or the whole document, if it is a ~/.dockercfg, which has nothing else."""
    auths = document.get("auths")
    if auths is None:
        is_old_form = bool(document) and all(
            isinstance(entry, dict) and "auth" in entry for entry in document.values()
        )
        auths = document if is_old_form else {}
    if not isinstance(auths, dict):
        raise InvalidDockerConfig("docker_config_auths_malformed")
    if len(auths) > ENTRY_LIMIT:
        raise InvalidDockerConfig("docker_config_too_many_registries", limit=ENTRY_LIMIT)

    return auths


def _read_entry(key: str, entry: Any) -> Login | Skipped | None:
    """Read one entry of `auths`."""
    name = _shown(key)
    try:
        host = read_host(key).name
    except InvalidReference:
        return Skipped(name, _("This is not a registry's host."))
    if not isinstance(entry, dict):
        return Skipped(name, _("The entry is not readable."))
    if not entry:
        # docker writes {} for a registry whose secret is in a credential store.
        return Skipped(
            name, _("The secret is not in this file, but in the credential store of that machine.")
        )

    pair = _read_pair(entry)
    if pair is None:
        return Skipped(name, _("The entry holds no username with a secret."))
    # A control character would end an HTTP header line, or hide text on a page.
    if not pair[1].isprintable() or not pair[0].isprintable():
        return Skipped(name, _("The username or the secret has characters that no login has."))
    if len(pair[0]) > 255:
        return Skipped(name, _("The username is too long."))
    return Login(host, *pair)


def _read_pair(entry: Mapping[str, Any]) -> tuple[str, str] | None:
    # docker prefers the identity token (OAuth refresh token) to username and password.
    token = entry.get("identitytoken")
    if isinstance(token, str) and token:
        return IDENTITY_TOKEN_USER, token

    username, password = entry.get("username"), entry.get("password")
    if isinstance(username, str) and isinstance(password, str) and username and password:
        return username, password

    auth = entry.get("auth")
    if not isinstance(auth, str):
        return None
    try:
        text = base64.b64decode(auth, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return None

    # The first colon separates: a password may have more of them (RFC 7617).
    username, colon, password = text.partition(":")
    # docker itself strips NUL bytes from a decoded password (config file's DecodeAuth).
    password = password.strip("\x00")
    return (username, password) if colon and username and password else None


def _helpers(document: Mapping[str, Any], known_hosts: set[str]) -> list[Skipped]:
    """Return the entries whose secrets are in a credential store or helper of that machine."""
    skipped = []
    helpers = document.get("credHelpers")

    for key, helper in list(helpers.items())[:ENTRY_LIMIT] if isinstance(helpers, dict) else []:
        parameters = {"helper": f"docker-credential-{_shown(str(helper))}"}
        skipped.append(
            Skipped(
                _shown(str(key)),
                _("Its secret comes from the program %(helper)s on that machine.") % parameters,
            )
        )

    # Mentioned only if the file has no logins: many files have leftovers of both kinds.
    store = document.get("credsStore")
    if isinstance(store, str) and store and not known_hosts:
        parameters = {"helper": f"docker-credential-{_shown(store)}"}
        reason = (
            _("The secrets are kept by the program %(helper)s on that machine, not in this file.")
            % parameters
        )
        skipped.append(Skipped("credsStore", reason))

    return skipped


def _shown(text: str) -> str:
    """Return a key for display: without the login that a URL may contain, one line, short."""
    scheme, separator, rest = text.rpartition("://")
    if "@" in rest.partition("/")[0]:
        rest = rest.rpartition("@")[2]
    key = f"{scheme}{separator}{rest}"
    return "".join(character if character.isprintable() else "·" for character in key)[:100]
