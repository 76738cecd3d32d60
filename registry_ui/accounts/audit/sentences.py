"""Sentences of audit events."""

from typing import Any

from django.utils.functional import Promise
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ..models import Action, ActorKind, AuditEvent

_SENTENCES: dict[str, str | Promise] = {
    # Sign-in and accounts
    Action.SIGNED_IN: gettext_lazy("%(who)s signed in"),
    Action.SIGN_IN_REFUSED: gettext_lazy("%(who)s was refused at the sign-in"),
    Action.SIGNED_OUT: gettext_lazy("%(who)s signed out"),
    Action.SESSION_ENDED: gettext_lazy("%(who)s ended a session"),
    Action.INSTALLATION_SET_UP: gettext_lazy("%(who)s set up this installation"),
    Action.PASSWORD_CHANGED: gettext_lazy("%(who)s changed the password"),
    Action.SECOND_FACTOR_ADDED: gettext_lazy("%(who)s added a second factor"),
    Action.SECOND_FACTOR_REMOVED: gettext_lazy("%(who)s removed a second factor"),
    Action.IDENTITY_LINKED: gettext_lazy("%(who)s linked single sign-on"),
    Action.IDENTITY_UNLINKED: gettext_lazy("%(who)s unlinked single sign-on"),
    Action.PREFERENCES_CHANGED: gettext_lazy("%(who)s changed preferences"),
    Action.PERSON_CREATED: gettext_lazy("%(who)s created the account %(object)s"),
    Action.PERSON_CHANGED: gettext_lazy("%(who)s changed the account %(object)s"),
    Action.PERSON_DEACTIVATED: gettext_lazy("%(who)s deactivated the account %(object)s"),
    Action.PERSON_ACTIVATED: gettext_lazy("%(who)s activated the account %(object)s"),
    # Teams
    Action.TEAM_CREATED: gettext_lazy("%(who)s created the team %(object)s"),
    Action.TEAM_CHANGED: gettext_lazy("%(who)s changed the team %(object)s"),
    Action.TEAM_REMOVED: gettext_lazy("%(who)s removed the team %(object)s"),
    Action.MEMBER_ADDED: gettext_lazy("%(who)s added %(object)s to the team"),
    Action.MEMBER_CHANGED: gettext_lazy("%(who)s changed the role of %(object)s"),
    Action.MEMBER_REMOVED: gettext_lazy("%(who)s took %(object)s out of the team"),
    Action.INVITATION_CREATED: gettext_lazy("%(who)s invited %(object)s"),
    Action.INVITATION_ACCEPTED: gettext_lazy("%(who)s accepted the invitation for %(object)s"),
    Action.INVITATION_REVOKED: gettext_lazy("%(who)s revoked the invitation for %(object)s"),
    # Mirrors
    Action.MIRROR_CREATED: gettext_lazy("%(who)s made the mirror %(object)s"),
    Action.MIRROR_CHANGED: gettext_lazy("%(who)s changed the mirror %(object)s"),
    Action.MIRROR_REMOVED: gettext_lazy("%(who)s removed the mirror %(object)s"),
    Action.MIRROR_PAUSED: gettext_lazy("%(who)s paused the mirror %(object)s"),
    Action.MIRROR_RESUMED: gettext_lazy("%(who)s resumed the mirror %(object)s"),
    Action.MIRROR_PLANNED: gettext_lazy("%(who)s planned a run of the mirror %(object)s"),
    Action.MIRROR_STARTED: gettext_lazy("%(who)s started the mirror %(object)s"),
    Action.MIRROR_LOCAL_PULL_STARTED: gettext_lazy(
        "%(who)s began to bring the images of the mirror %(object)s here"
    ),
    Action.MIRROR_LOCAL_PULL_SUCCEEDED: gettext_lazy(
        "The images of the mirror %(object)s were brought here"
    ),
    Action.MIRROR_LOCAL_PULL_FAILED: gettext_lazy(
        "The images of the mirror %(object)s could not all be brought here"
    ),
    Action.MIRROR_CANCELLED: gettext_lazy("%(who)s cancelled a run of the mirror %(object)s"),
    Action.MIRROR_SUCCEEDED: gettext_lazy("The mirror %(object)s ran to its end"),
    Action.MIRROR_FAILED: gettext_lazy("The mirror %(object)s failed"),
    # API tokens
    Action.TOKEN_CREATED: gettext_lazy("%(who)s made the token %(object)s"),
    Action.TOKEN_REVOKED: gettext_lazy("%(who)s revoked the token %(object)s"),
    Action.TOKEN_USED: gettext_lazy("%(who)s used the token %(object)s from a new address"),
    Action.TOKEN_REFUSED: gettext_lazy("The token %(object)s was refused"),
    # Registries, credentials and images
    Action.REGISTRY_ADDED: gettext_lazy("%(who)s added the registry %(object)s"),
    Action.REGISTRY_CHANGED: gettext_lazy("%(who)s changed the registry %(object)s"),
    Action.REGISTRY_REMOVED: gettext_lazy("%(who)s removed the registry %(object)s"),
    Action.CREDENTIAL_ADDED: gettext_lazy("%(who)s added the credential %(object)s"),
    Action.CREDENTIAL_CHANGED: gettext_lazy("%(who)s changed the credential %(object)s"),
    Action.CREDENTIAL_ROTATED: gettext_lazy("%(who)s entered a new secret for %(object)s"),
    Action.CREDENTIAL_REMOVED: gettext_lazy("%(who)s removed the credential %(object)s"),
    Action.CREDENTIAL_TESTED: gettext_lazy("%(who)s tested the login of %(object)s"),
    Action.CREDENTIAL_USED: gettext_lazy("%(who)s used the credential %(object)s"),
    Action.GRANT_CREATED: gettext_lazy("%(who)s shared the credential %(object)s"),
    Action.GRANT_CHANGED: gettext_lazy("%(who)s changed the share of %(object)s"),
    Action.GRANT_REVOKED: gettext_lazy("%(who)s took back the credential %(object)s"),
    Action.IMAGE_REMOVED: gettext_lazy("%(who)s removed the local name %(object)s"),
    Action.INDEX_STARTED: gettext_lazy("%(who)s refreshed the index of %(object)s"),
    Action.REPOSITORY_ADDED: gettext_lazy("%(who)s added %(object)s by name"),
    Action.REPOSITORY_REMOVED: gettext_lazy("%(who)s removed %(object)s"),
    Action.TRANSFER_HANDED_OVER: gettext_lazy("%(who)s handed over the transfer %(object)s"),
    Action.ACCESS_REFUSED: gettext_lazy("%(who)s was refused: %(reason)s"),
    Action.AUDIT_LOG_EXPORTED: gettext_lazy("%(who)s exported the audit log"),
}
# By action and kind of transfer.
_TRANSFERS: dict[str, dict[str, str | Promise]] = {
    Action.TRANSFER_STARTED: {
        "pull": gettext_lazy("%(who)s started to pull %(object)s"),
        "tag": gettext_lazy("%(who)s started to tag %(source)s as %(object)s"),
        "push": gettext_lazy("%(who)s started to push %(object)s"),
        "publish": gettext_lazy("%(who)s started to publish %(source)s as %(object)s"),
        "copy": gettext_lazy("%(who)s started to copy %(source)s to %(object)s"),
        "delete": gettext_lazy("%(who)s started to delete %(object)s"),
    },
    Action.TRANSFER_SUCCEEDED: {
        "pull": gettext_lazy("%(who)s pulled %(object)s"),
        "tag": gettext_lazy("%(who)s tagged %(source)s as %(object)s"),
        "push": gettext_lazy("%(who)s pushed %(object)s"),
        "publish": gettext_lazy("%(who)s published %(source)s as %(object)s"),
        "copy": gettext_lazy("%(who)s copied %(source)s to %(object)s"),
        "delete": gettext_lazy("%(who)s deleted %(object)s"),
    },
    Action.TRANSFER_FAILED: {
        "pull": gettext_lazy("%(who)s could not pull %(object)s"),
        "tag": gettext_lazy("%(who)s could not tag %(source)s as %(object)s"),
        "push": gettext_lazy("%(who)s could not push %(object)s"),
        "publish": gettext_lazy("%(who)s could not publish %(source)s as %(object)s"),
        "copy": gettext_lazy("%(who)s could not copy %(source)s to %(object)s"),
        "delete": gettext_lazy("%(who)s could not delete %(object)s"),
    },
    Action.TRANSFER_CANCELLED: {
        "pull": gettext_lazy("%(who)s cancelled the pull of %(object)s"),
        "tag": gettext_lazy("%(who)s cancelled the tagging of %(object)s"),
        "push": gettext_lazy("%(who)s cancelled the push of %(object)s"),
        "publish": gettext_lazy("%(who)s cancelled the publishing of %(object)s"),
        "copy": gettext_lazy("%(who)s cancelled the copy to %(object)s"),
        "delete": gettext_lazy("%(who)s cancelled the deletion of %(object)s"),
    },
}
# Kinds of objects whose name says which credential it is.
_OF_CREDENTIALS = frozenset({"credential", "credentialgrant"})
# Details that the sentence contains.
_IN_SENTENCE = frozenset({"error", "kind", "source", "registry", "reason"})


def sentence(event: AuditEvent, page: str = "") -> SafeString:
    """Return the event as a sentence in HTML.

    Args:
        page: the URL of the event's object, where it still exists.
    """
    parts = {
        "who": format_html("<strong>{}</strong>", actor_name(event)),
        "object": _object_name(event, page),
        "source": _code(event.details.get("source") or event.object_name),
        "reason": conditional_escape(event.details.get("reason", "")),
    }
    # The template is escaped, and so is each part: names come from people and registries.
    text = mark_safe(conditional_escape(str(_template(event))) % parts)  # noqa: S308
    return text + _registry_phrase(event) + _credential_phrase(event)


def actor_name(event: AuditEvent) -> str:
    """Return the actor's name, or a description of the kind of actor."""
    if event.actor_name:
        return event.actor_name
    names = {
        ActorKind.COMMAND_LINE: _("The command line"),
        ActorKind.SYSTEM: _("Registry UI"),
        ActorKind.ANONYMOUS: _("Somebody who was not signed in"),
    }
    return names.get(ActorKind(event.actor_kind), _("Somebody"))


def more_details(event: AuditEvent) -> list[tuple[str, Any]]:
    """Return the names and values of the details that the sentence does not contain.

    The error is shown by itself, below the sentence.
    """
    shown = frozenset({"error"})
    if event.action in _TRANSFERS or event.action == Action.ACCESS_REFUSED:
        shown = _IN_SENTENCE
    return [
        (key.replace("_", " "), _value(value))
        for key, value in event.details.items()
        if key not in shown
    ]


def _template(event: AuditEvent) -> str | Promise:
    # An event of an older version may have a kind that no longer exists.
    kinds = _TRANSFERS.get(event.action)
    if kinds is not None and event.details.get("kind") in kinds:
        return kinds[event.details["kind"]]
    if event.action in _SENTENCES:
        return _SENTENCES[event.action]

    # Actions without a sentence of their own. `sentence` formats the template with `%`.
    label = event.get_action_display().replace("%", "%%")
    return f"%(who)s: {label} %(object)s" if event.object_name else f"%(who)s: {label}"


def _object_name(event: AuditEvent, page: str) -> SafeString:
    name = _code(event.object_name)
    return format_html('<a href="{}">{}</a>', page, name) if page else name


def _code(text: str) -> SafeString:
    return format_html('<span class="event-name" translate="no">{}</span>', text)


def _registry_phrase(event: AuditEvent) -> SafeString:
    registry, kind = event.details.get("registry"), event.details.get("kind")
    if event.action not in _TRANSFERS or not registry or kind not in ("pull", "push", "delete"):
        return SafeString("")
    phrase = _(" to %(registry)s") if kind == "push" else _(" from %(registry)s")
    return conditional_escape(phrase % {"registry": registry})


def _credential_phrase(event: AuditEvent) -> SafeString:
    if not event.credential_name or event.object_kind in _OF_CREDENTIALS:
        return SafeString("")
    return conditional_escape(_(" with “%(credential)s”") % {"credential": event.credential_name})


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
