"""The template tags that are built into every template."""

from datetime import datetime
from typing import Any

from django import template
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from registry_ui.oci.digest import Digest
from registry_ui.oci.errors import InvalidDigest, InvalidReference
from registry_ui.oci.reference import Reference

from .. import icons, quantities
from ..badges import badge_for

register = template.Library()
register.filter(is_safe=True)(quantities.binary_size)
register.filter(is_safe=True)(quantities.binary_speed)
register.filter(is_safe=True)(quantities.duration)

_DASH = SafeString(f'<span class="muted">{quantities.NOTHING}</span>')
_BREAK = SafeString("<wbr>")


@register.simple_tag
def icon(name: str, size: int = 16) -> SafeString:
    return icons.icon(str(name), size)


@register.simple_tag
def when(timestamp: datetime | None) -> SafeString:
    if timestamp is None:
        return _DASH
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        timestamp.isoformat(timespec="seconds"),
        quantities.exact_time(timestamp),
        quantities.relative(timestamp, timezone.now()),
    )


@register.simple_tag
def copy_button(text: Any, label: str = "") -> SafeString:
    return format_html(
        '<button type="button" class="copy" data-copy="{}" aria-label="{}" title="{}">'
        "{}{}</button>",
        text,
        label or _("Copy %(text)s") % {"text": text},
        label or _("Copy"),
        icons.icon("copy", 14),
        icons.icon("check", 14),
    )


@register.simple_tag
def digest(text: Digest | str | None) -> SafeString:
    if not text:
        return _DASH
    return format_html(
        '<span class="digest"><code title="{}">{}</code>{}</span>',
        text,
        _short(text),
        copy_button(text),
    )


def _short(text: Digest | str) -> str:
    try:
        return Digest.parse(str(text)).short
    except InvalidDigest:
        return str(text)[:12]


@register.simple_tag
def reference(name: Reference | str | None) -> SafeString:
    """Render a reference with its parts in their colours; other text as it is."""
    if not name:
        return _DASH
    try:
        parsed = name if isinstance(name, Reference) else Reference.parse(str(name))
    except (InvalidReference, InvalidDigest):
        return format_html('<span class="reference" translate="no">{}</span>', name)
    return format_html(
        '<span class="reference" translate="no" title="{}">{}</span>',
        parsed,
        _highlighted_parts(parsed),
    )


def _highlighted_parts(parsed: Reference) -> SafeString:
    namespace, _slash, repository = parsed.repository.rpartition("/")
    parts = [("registry", parsed.registry, "/")]
    parts += [("namespace", component, "/") for component in namespace.split("/") if component]
    parts.append(("repository", repository, ""))
    # A long name may break after a slash.
    breaks = {"/": _BREAK, "": ""}
    pieces = [(kind, text, separator, breaks[separator]) for kind, text, separator in parts]
    body = format_html_join("", '<span class="part-{}">{}</span>{}{}', pieces)
    if parsed.tag:
        body += format_html('<wbr>:<span class="part-tag">{}</span>', parsed.tag)
    if parsed.digest:
        body += format_html('<wbr>@<span class="part-tag">{}</span>', parsed.digest.short)

    return body


@register.simple_tag
def state_badge(state: str, label: str = "") -> SafeString:
    badge = badge_for(state)
    text = label or str(getattr(state, "label", "") or state).capitalize()
    return format_html(
        '<span class="badge badge-{}" data-state="{}">{}{}</span>',
        badge.tone,
        state,
        icons.icon(badge.icon, 14),
        text,
    )


@register.simple_tag
def bar(value: float | None, maximum: float | None, label: str = "") -> SafeString:
    """Render a progress bar; without a maximum an indeterminate one."""
    if maximum is None:
        return format_html('<progress class="bar" aria-label="{}"></progress>', label)
    # The maximum of a progress element is greater than zero (HTML, “The progress element”).
    most = maximum or 1
    # Nothing to do is complete.
    done = most if maximum == 0 else min(max(value or 0, 0), most)
    return format_html(
        '<progress class="bar" value="{}" max="{}" aria-label="{}"></progress>', done, most, label
    )


@register.simple_block_tag
def emptystate(content: str, icon_name: str, title: str, text: str = "") -> SafeString:
    """Render the text of an empty list; the content is the button that adds the first item."""
    return format_html(
        '<div class="empty">{}<h2>{}</h2><p>{}</p><div class="cluster">{}</div></div>',
        icons.icon(icon_name, 32),
        title,
        text,
        content,
    )


@register.simple_tag
def avatar_name(user: Any, name: str = "") -> SafeString:
    """Render a user; the name alone if the user was removed; without both, the command line."""
    if user is None and not name:
        return format_html(
            '<span class="person person-command-line">{}{}</span>',
            icons.icon("terminal-2", 16),
            _("command line"),
        )

    shown = name if user is None else user.get_full_name() or user.get_username()
    return format_html(
        '<span class="person"><span class="avatar" aria-hidden="true">{}</span>{}</span>',
        initials(str(shown)),
        shown,
    )


@register.filter
def initials(person: Any) -> str:
    name = person if isinstance(person, str) else person.get_full_name() or person.get_username()
    words = name.split()
    letters = (words[0][0] + words[-1][0]) if len(words) > 1 else name[:2]
    return letters.upper()
