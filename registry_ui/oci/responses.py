"""Answers that are not the wanted one, turned into typed errors (distribution spec, "Error Codes")."""

import json
from dataclasses import dataclass, field
from typing import Literal

from .advice import advice_for
from .errors import (
    BlobUnknown,
    Denied,
    ManifestUnknown,
    NotARegistry,
    NotFound,
    RangeRefused,
    RateLimited,
    RepositoryUnknown,
    ResponseError,
    ServerFailed,
    Unauthorized,
    Unsupported,
)
from .pacing import retry_after
from .redaction import redact
from .transport import Answer

ERROR_BODY_LIMIT = 64 * 1024
Subject = Literal["registry", "login", "manifest", "blob", "upload", "tags", "repositories"]

_CODES: dict[str, type[ResponseError]] = {
    "NAME_UNKNOWN": RepositoryUnknown,
    "MANIFEST_UNKNOWN": ManifestUnknown,
    "BLOB_UNKNOWN": BlobUnknown,
    "MANIFEST_BLOB_UNKNOWN": BlobUnknown,
    "TOOMANYREQUESTS": RateLimited,
    "DENIED": Denied,
    "UNAUTHORIZED": Unauthorized,
    "UNSUPPORTED": Unsupported,
}
_STATUSES: dict[int, type[ResponseError]] = {
    401: Unauthorized,
    403: Denied,
    405: Unsupported,
    415: Unsupported,
    416: RangeRefused,
    429: RateLimited,
    501: Unsupported,
}
_NOT_FOUND: dict[str, type[ResponseError]] = {
    "registry": NotARegistry,
    "manifest": ManifestUnknown,
    "blob": BlobUnknown,
    "upload": RepositoryUnknown,
    "tags": RepositoryUnknown,
}
_TEMPORARY = frozenset({408, 425, 429, 499})
_QUOTA = ("quota", "exceed the configured upper limit", "insufficient storage", "storage limit")


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked of whom: the material of an error's sentence.

    Args:
        host: the registry as references carry it.
        name: the tag or digest.
        is_push: whether something was to be stored.
        is_deletion: whether something was to be deleted.
        is_anonymous: whether no credential went with it.
        is_known: whether the token service took the credential, so that a 401 is about rights.
        secrets: texts to blot out of what the registry says.
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
    def place(self) -> str:
        return f"{self.host}/{self.repository}" if self.repository else self.host


@dataclass(frozen=True, slots=True)
class _Refusal:
    status: int
    codes: tuple[str, ...]
    words: str
    retry_after: float | None

    def says(self, *parts: str) -> bool:
        text = self.words.lower()
        return any(part in text for part in parts)


def error_from(answer: Answer, asked: Asked) -> ResponseError:
    """The typed error for an answer with an unwanted status. Reads at most 64 KiB of its body and closes it."""
    wait = retry_after(answer.headers)
    media_type = answer.media_type
    body = answer.read_start(ERROR_BODY_LIMIT)
    codes, words = _parse_body(body, asked.secrets) if media_type != "text/html" else ((), "")
    refusal = _Refusal(answer.status, codes, words, wait)
    if answer.is_foreign:
        return _explain_foreign(answer, refusal, asked)
    kind = _kind_of(refusal, asked)
    message, advice = _sentences(kind, refusal, asked)
    return kind(
        message,
        advice=advice,
        status=refusal.status,
        codes=codes,
        temporary=kind.temporary_by_default or refusal.status in _TEMPORARY,
        retry_after=wait,
    )


def not_a_registry(host: str, status: int, media_type: str) -> NotARegistry:
    """The error for a host that answers /v2/ as no registry does."""
    found = "with a web page" if "html" in media_type else f"with status {status}"
    return NotARegistry(
        f"{host} is not a registry: it answers {found} where a registry answers /v2/.",
        advice="Check the host and the port; the registry's address often differs from that of its web page.",
        status=status,
    )


def _parse_body(body: bytes, secrets: tuple[str, ...]) -> tuple[tuple[str, ...], str]:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return (), redact(body.decode("utf-8", "replace"), secrets)
    errors = document.get("errors") if isinstance(document, dict) else None
    if not isinstance(errors, list):
        words = (
            document.get("message") or document.get("error") or document.get("details")
            if isinstance(document, dict)
            else ""
        )
        return (), redact(words, secrets) if isinstance(words, str) else ""
    entries = [entry for entry in errors[:20] if isinstance(entry, dict)]
    codes = tuple(
        entry["code"][:60].upper() for entry in entries if isinstance(entry.get("code"), str)
    )
    return codes, redact("; ".join(_words_of(entry) for entry in entries), secrets)


def _words_of(entry: dict[str, object]) -> str:
    message, detail = entry.get("message"), entry.get("detail")
    texts = [text for text in (message, detail) if isinstance(text, str) and text]
    return ": ".join(dict.fromkeys(texts))


def _kind_of(refusal: _Refusal, asked: Asked) -> type[ResponseError]:
    if refusal.status >= 500 and refusal.status != 501:
        return ServerFailed
    if refusal.status == 429:
        return RateLimited
    if refusal.says("immutable", *_QUOTA) and refusal.status < 500:
        return Denied
    if asked.subject == "repositories" and refusal.status == 404:
        return Unsupported
    for code in refusal.codes:
        if code in _CODES:
            return _agreeing(_CODES[code], refusal.status, asked)
    if refusal.status == 404:
        return _NOT_FOUND.get(asked.subject, NotFound)
    if refusal.says("http request to an https server", "plain http request was sent to https port"):
        return NotARegistry
    if asked.is_deletion and refusal.status == 400:
        return Unsupported  # distribution calls a tag that is to be deleted a bad digest
    return _agreeing(_STATUSES.get(refusal.status, ResponseError), refusal.status, asked)


def _agreeing(kind: type[ResponseError], status: int, asked: Asked) -> type[ResponseError]:
    """The code's meaning, except that someone known who is refused is denied, whatever the code says."""
    return Denied if kind is Unauthorized and (status == 403 or asked.is_known) else kind


def _explain_foreign(answer: Answer, refusal: _Refusal, asked: Asked) -> ResponseError:
    """A signed URL that was refused: asking the registry again gives a new one."""
    kind = (
        ServerFailed if refusal.status >= 500 else RateLimited if refusal.status == 429 else Denied
    )
    return kind(
        f"{asked.host} sends this client to {answer.place} for the content, which refuses it (status {refusal.status}).",
        advice="Try again; if it persists, tell the registry's administrator.",
        status=refusal.status,
        temporary=refusal.status != 404,
        retry_after=refusal.retry_after,
    )


def _sentences(kind: type[ResponseError], refusal: _Refusal, asked: Asked) -> tuple[str, str]:
    said = f" It says: {refusal.words.rstrip('.')}." if refusal.words else ""
    special = _special_sentences(refusal, asked, said)
    if special is not None:
        return special
    explain = {
        Unauthorized: _explain_unauthorized,
        Denied: _explain_denied,
        RepositoryUnknown: _explain_repository,
        ManifestUnknown: _explain_manifest,
        BlobUnknown: _explain_blob,
        RateLimited: _explain_limit,
        NotARegistry: _explain_stranger,
        ServerFailed: _explain_server,
        Unsupported: _explain_unsupported,
    }.get(kind)
    if explain is not None:
        return explain(refusal, asked, said)
    who = f"The token service of {asked.host}" if asked.subject == "login" else asked.place
    return f"{who} answers with status {refusal.status}.{said}", ""


def _special_sentences(refusal: _Refusal, asked: Asked, said: str) -> tuple[str, str] | None:
    if refusal.status >= 500:
        return None
    if refusal.says("immutable") and asked.is_deletion:
        return (
            f"{asked.place} is immutable.{said}",
            "Have the immutability rule changed on the registry.",
        )
    if refusal.says("immutable"):
        return (
            f"{asked.place}: the tag {asked.name} exists already and is immutable there."
            if asked.name
            else f"{asked.place} is immutable.{said}",
            "Push under another tag, or have the immutability rule changed on the registry.",
        )
    if refusal.says(*_QUOTA):
        return (
            f"{asked.place} has no room left: its quota is used up.{said}",
            "Delete images there, or have the quota raised.",
        )
    if refusal.says("proxy cache", "proxy-cache", "proxy project"):
        return (
            f"{asked.place} is a proxy cache, which takes no pushes.",
            "Push to an ordinary project.",
        )
    if refusal.status == 413:
        return (
            f"{asked.host} does not take a request of this size.{said}",
            "Have the body size limit of the proxy before the registry raised (client_max_body_size in nginx).",
        )
    return None


def _explain_unauthorized(refusal: _Refusal, asked: Asked, said: str) -> tuple[str, str]:
    if asked.is_anonymous:
        purpose = " to push" if asked.is_push else " to delete" if asked.is_deletion else ""
        advice = (
            ""
            if purpose or asked.subject == "repositories"
            else advice_for(asked.host, "denied_pull")
        )
        return (
            f"{asked.place} wants a login{purpose}.{said}",
            f"Add a credential for {asked.host}. {advice}".strip(),
        )
    if asked.subject in ("login", "registry"):
        return (
            f"{asked.host} refused the login: the username or the secret is wrong, or has expired.",
            advice_for(asked.host, "login"),
        )
    return f"{asked.place} did not accept the credential.{said}", advice_for(asked.host, "login")


def _explain_denied(refusal: _Refusal, asked: Asked, said: str) -> tuple[str, str]:
    verb = "push to" if asked.is_push else "delete from" if asked.is_deletion else "pull from"
    who = "an anonymous visitor" if asked.is_anonymous else "this credential"
    name = (
        "denied_push"
        if asked.is_push
        else "denied_deletion"
        if asked.is_deletion
        else "denied_pull"
    )
    if asked.subject in ("login", "registry"):
        return f"{asked.host} refuses {who}.{said}", advice_for(asked.host, "login")
    if asked.subject == "repositories":
        return f"{asked.host} does not let {who} list its repositories.{said}", advice_for(
            asked.host, "denied_listing"
        )
    return f"{asked.host} does not let {who} {verb} {asked.repository}.{said}", advice_for(
        asked.host, name, repository=asked.repository, hint=refusal.words
    )


def _explain_repository(refusal: _Refusal, asked: Asked, said: str) -> tuple[str, str]:
    return f"{asked.host} has no repository {asked.repository}.{said}", advice_for(
        asked.host,
        "missing" if asked.is_push else "denied_pull",
        repository=asked.repository,
        hint=refusal.words,
    )


def _explain_manifest(refusal: _Refusal, asked: Asked, said: str) -> tuple[str, str]:
    kind = "manifest" if ":" in asked.name else "tag"
    return (
        f"{asked.place} has no {kind} {asked.name}.",
        "Check the spelling; it may have been deleted. The registry's own web pages list its tags.",
    )


def _explain_blob(refusal: _Refusal, asked: Asked, said: str) -> tuple[str, str]:
    if asked.subject == "manifest":
        return (
            f"{asked.place} refuses the manifest, because it lacks a blob that the manifest names.{said}",
            "Push the image again.",
        )
    return (
        f"{asked.place} has no blob {asked.name}.",
        "The image there is damaged: push it again at its source, then try again.",
    )


def _explain_limit(refusal: _Refusal, asked: Asked, said: str) -> tuple[str, str]:
    return (
        f"{asked.host} asks to slow down{_when(refusal.retry_after)}: too many requests.{said}",
        advice_for(asked.host, "limit"),
    )


def _when(seconds: float | None) -> str:
    if seconds is None:
        return ""
    for size, unit in ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second")):
        if seconds >= size or unit == "second":
            count = max(1, round(seconds / size))
            return f" for {count} {unit}{'' if count == 1 else 's'}"
    return ""


def _explain_stranger(refusal: _Refusal, asked: Asked, said: str) -> tuple[str, str]:
    if refusal.says("https"):
        return (
            f"{asked.host} speaks https on this port, and was asked in plain HTTP.",
            "Choose HTTPS for this registry.",
        )
    error = not_a_registry(asked.host, refusal.status, "")
    return error.message, error.advice


def _explain_server(refusal: _Refusal, asked: Asked, said: str) -> tuple[str, str]:
    return (
        f"The registry {asked.host} is in trouble (status {refusal.status}).{said}",
        "Try again later; if it persists, tell the registry's administrator.",
    )


def _explain_unsupported(refusal: _Refusal, asked: Asked, said: str) -> tuple[str, str]:
    if asked.subject == "manifest" and asked.is_push:
        return (
            f"{asked.place} does not take this kind of manifest.{said}",
            "The registry may be too old for OCI images or for indexes: update it.",
        )
    if asked.is_deletion:
        what = "manifests" if ":" in asked.name else "a tag alone"
        return f"{asked.host} does not delete {what} for its clients.{said}", advice_for(
            asked.host, "deletion", repository=asked.repository, hint=refusal.words
        )
    if asked.subject == "repositories":
        return f"{asked.host} has no list of its repositories to give.{said}", ""
    return f"{asked.host} does not offer this operation.{said}", ""
