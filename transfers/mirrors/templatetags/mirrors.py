from django import template
from django.contrib.humanize.templatetags.humanize import intcomma
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from registry_ui.registries.models import Registry
from registry_ui.web.icons import icon

from ..models import ItemAction, ItemState, Mirror, MirrorItem, MirrorRun
from ..repository_naming import Naming
from ..selection import Selection

register = template.Library()

_SHOWN_REPOSITORIES = 2
_ACTION_TONES = {
    ItemAction.NEW: "info",
    ItemAction.CHANGED: "warn",
    ItemAction.UP_TO_DATE: "ok",
    ItemAction.SKIPPED: "muted",
    ItemAction.EXTRA: "muted",
}
_ACTION_ICONS = {
    ItemAction.NEW: "plus",
    ItemAction.CHANGED: "arrows-exchange",
    ItemAction.UP_TO_DATE: "equal",
    ItemAction.SKIPPED: "minus",
    ItemAction.EXTRA: "trash",
}


@register.simple_tag
def mirror_endpoints(mirror: Mirror) -> SafeString:
    """Return the source and the target of a mirror in one line."""
    return _endpoint_line(mirror, mirror.target_registry)


@register.simple_tag
def run_endpoints(run: MirrorRun) -> SafeString:
    return _endpoint_line(run.mirror, run.target_registry)


def _endpoint_line(mirror: Mirror, registry: Registry | None) -> SafeString:
    # A mirror may have hundreds of repositories.
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
    """Return the badge of an item; nothing where no action is needed."""
    badges = {
        ItemState.WAITING: ("muted", "clock"),
        ItemState.COPYING: ("info", "loader-2"),
        ItemState.DONE: ("ok", "circle-check"),
        ItemState.FAILED: ("error", "circle-x"),
    }

    # An extra has nothing to do until the run deletes it.
    is_idle = item.action in (ItemAction.UP_TO_DATE, ItemAction.SKIPPED) or (
        item.action == ItemAction.EXTRA and item.state == ItemState.WAITING
    )

    if is_idle and item.state != ItemState.FAILED:
        return SafeString("")

    state = ItemState(item.state)
    tone, name = badges[state]
    return format_html(
        '<span class="badge badge-{}" data-state="{}">{}{}</span>',
        tone,
        state,
        icon(name, 14),
        state.label,
    )


@register.simple_tag
def item_filters(run: MirrorRun, counts: dict[str, int], show: str) -> SafeString:
    """Return links that show the items of one action, or the failed ones."""
    labels = {
        "": _("All"),
        **{action.value: str(action.label) for action in ItemAction},
        "failed": _("Failed"),
    }
    address = reverse("mirrors:run", args=[run.pk])

    # Actions without items are left out, except the selected one.
    shown = [
        (name, label, counts.get(name or "all", 0))
        for name, label in labels.items()
        if not name or counts.get(name) or name == show
    ]

    return format_html_join(
        "",
        '<a class="chip" href="{}{}#items" hx-get="{}{}" hx-target="#items" '
        'hx-swap="outerHTML"{}>{} <span class="muted">{}</span></a>',
        [
            (
                address,
                f"?show={name}" if name else "",
                reverse("mirrors:items", args=[run.pk]),
                f"?show={name}" if name else "",
                mark_safe(' aria-current="true"') if name == show else "",
                label,
                intcomma(count),
            )
            for name, label, count in shown
        ],
    )


@register.simple_tag
def naming_label(mirror: Mirror) -> str:
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
def selection_label(mirror: Mirror) -> str:
    """Return the restrictions of a mirror's tags in one line."""
    selection = Selection.parse(mirror.selection)

    # In the order of the form.
    lists = [
        (selection.tags, _("named %(words)s")),
        (selection.variants, _("variants %(words)s")),
        (selection.without_variants, _("without the variants %(words)s")),
    ]
    texts = [
        (selection.versions, _("versions %(words)s")),
        (selection.newer_than, _("built after %(words)s")),
        (selection.match, _("matching %(words)s")),
        (selection.exclude, _("not matching %(words)s")),
    ]
    parts = [text % {"words": ", ".join(names)} for names, text in lists if names]
    parts += [text % {"words": value} for value, text in texts if value]

    if selection.newest:
        per = {"minor": _("minor version"), "major": _("major version"), "all": _("repository")}[
            selection.per
        ]
        parts.append(
            _("the newest %(count)d of each %(per)s") % {"count": selection.newest, "per": per}
        )

    if not selection.prereleases:
        parts.append(_("no pre-releases"))

    return "; ".join(parts) or _("all")
