from django import template
from django.utils.safestring import SafeString

from registry_ui.web.badges import badge_for
from registry_ui.web.icons import icon

from ..models import Kind, Transfer

register = template.Library()

_KIND_ICONS = {
    Kind.PULL: "download",
    Kind.PUSH: "upload",
    Kind.PUBLISH: "send",
    Kind.TAG: "tag",
    Kind.COPY: "copy",
    Kind.DELETE: "trash",
    Kind.IMPORT: "package-import",
    Kind.LOAD: "package-import",
    Kind.SAVE: "device-floppy",
}


@register.simple_tag
def layer_icon(state: str) -> SafeString:
    return icon(badge_for(state).icon, 14)


@register.simple_tag
def kind_icon(transfer: Transfer, size: int = 16) -> SafeString:
    return icon(_KIND_ICONS[Kind(transfer.kind)], size)
