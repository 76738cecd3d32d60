from django import template
from django.contrib.humanize.templatetags.humanize import intcomma
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from registry_ui.registries.models import Registry
from registry_ui.web.icons import icon

from ..mirrors.naming import Naming
from ..mirrors.selection import Selection
from ..models import ItemAction, ItemState, Mirror, MirrorItem, MirrorRun

register = template.Library()

_SHOWN_REPOSITORIES = 2
_ACTION_TONES = {
    ItemAction.NEW: "info",
    ItemAction.CHANGED: "warn",
    ItemAction.SAME: "ok",
    ItemAction.SKIPPED: "muted",
    ItemAction.EXTRA: "muted",
}
_ACTION_ICONS = {
    ItemAction.NEW: "plus",
    ItemAction.CHANGED: "arrows-exchange",
    ItemAction.SAME: "equal",
    ItemAction.SKIPPED: "minus",
    ItemAction.EXTRA: "trash",
}


@register.simple_tag
def mirror_ends(mirror: Mirror) -> SafeString:
    """Where from and where to, in a line."""
    return _ends(mirror, mirror.target_registry)


@register.simple_tag
def run_ends(run: MirrorRun) -> SafeString:
    return _ends(run.mirror, run.target_registry)


def _ends(mirror: Mirror, registry: Registry | None) -> SafeString:
    names = mirror.repositories[:_SHOWN_REPOSITORIES]
    more = len(mirror.repositories) - len(names)
    listed = ", ".join(names) + (
        ngettext(" and %(count)d more", " and %(count)d more", more) % {"count": more}
        if more
        else ""
    )
    target = _("local images") if registry is None else registry.name
    return format_html(
        '{} <code translate="no">{}</code> <span aria-label="{}">→</span> {}',
        mirror.source_registry.name,
        listed,
        _("to"),
        target,
    )


@register.simple_tag
def action_badge(item: MirrorItem) -> SafeString:
    action = ItemAction(item.action)
    return format_html(
        '<span class="badge badge-{}">{}{}</span>',
        _ACTION_TONES[action],
        icon(_ACTION_ICONS[action], 14),
        action.label,
    )


@register.simple_tag
def item_state(item: MirrorItem) -> SafeString:
    """How far a tag of a run is; nothing where there is nothing to do for it."""
    looks = {
        ItemState.WAITING: ("muted", "clock"),
        ItemState.MOVING: ("info", "loader-2"),
        ItemState.DONE: ("ok", "circle-check"),
        ItemState.FAILED: ("error", "circle-x"),
    }
    is_idle = item.action in (ItemAction.SAME, ItemAction.SKIPPED) or (
        item.action == ItemAction.EXTRA and item.state == ItemState.WAITING
    )
    if is_idle and item.state != ItemState.FAILED:
        return SafeString("")
    state = ItemState(item.state)
    tone, name = looks[state]
    return format_html(
        '<span class="badge badge-{}" data-state="{}">{}{}</span>',
        tone,
        state,
        icon(name, 14),
        state.label,
    )


@register.simple_tag
def item_filters(run: MirrorRun, counts: dict[str, int], show: str) -> SafeString:
    """Links that show the tags of one action, or those that failed."""
    words = {
        "": _("All"),
        **{action.value: str(action.label) for action in ItemAction},
        "failed": _("Failed"),
    }
    address = reverse("mirrors:run", args=[run.pk])
    shown = [
        (name, word, counts.get(name or "all", 0))
        for name, word in words.items()
        if not name or counts.get(name) or name == show
    ]
    return format_html_join(
        "",
        '<a class="chip" href="{}{}#items" hx-get="{}{}" hx-target="#items" hx-swap="outerHTML"{}>{} <span class="muted">{}</span></a>',
        [
            (
                address,
                f"?show={name}" if name else "",
                reverse("mirrors:items", args=[run.pk]),
                f"?show={name}" if name else "",
                mark_safe(' aria-current="true"') if name == show else "",
                word,
                intcomma(count),
            )
            for name, word, count in shown
        ],
    )


@register.simple_tag
def naming_words(mirror: Mirror) -> str:
    naming = Naming.parse(mirror.naming)
    if naming.kind == "flatten":
        if not naming.levels:
            return _("the last part alone")
        return ngettext(
            "without the first part", "without the first %(count)d parts", naming.levels
        ) % {"count": naming.levels}
    if naming.kind == "prefix":
        return _("below %(prefix)s/") % {"prefix": naming.text}
    return naming.text if naming.kind == "template" else _("as at the source")


@register.simple_tag
def selection_words(mirror: Mirror) -> str:
    """What restricts the tags, in a line."""
    chosen = Selection.parse(mirror.selection)
    lists = [
        (chosen.tags, _("named %(words)s")),
        (chosen.variants, _("variants %(words)s")),
        (chosen.without_variants, _("without the variants %(words)s")),
    ]
    texts = [
        (chosen.versions, _("versions %(words)s")),
        (chosen.newer_than, _("built after %(words)s")),
        (chosen.match, _("matching %(words)s")),
        (chosen.exclude, _("not matching %(words)s")),
    ]
    words = [text % {"words": ", ".join(names)} for names, text in lists if names]
    words += [text % {"words": value} for value, text in texts if value]
    if chosen.newest:
        per = {"minor": _("minor version"), "major": _("major version"), "all": _("repository")}[
            chosen.per
        ]
        words.append(
            _("the newest %(count)d of each %(per)s") % {"count": chosen.newest, "per": per}
        )
    if not chosen.prereleases:
        words.append(_("no pre-releases"))
    return "; ".join(words) or _("all")
