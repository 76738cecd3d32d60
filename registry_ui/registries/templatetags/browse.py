"""What the pages of a registry's repositories and tags show again and again."""

import functools
from urllib.parse import quote
from uuid import UUID

from django import template
from django.urls import get_script_prefix, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from registry_ui.web.icons import icon

register = template.Library()
_LINUX = "linux/"
_ANY_TAG = "latest"
_BREAK = SafeString("<wbr>")


@register.simple_tag
def repository_name(name: str) -> SafeString:
    """A repository's name in the colours of references, without its registry."""
    namespace, slash, last = str(name).rpartition("/")
    parts = [("namespace", part, "/", _BREAK) for part in namespace.split("/") if slash]
    body = format_html_join(
        "", '<span class="part-{}">{}</span>{}{}', [*parts, ("repository", last, "", "")]
    )
    return format_html('<span class="reference" translate="no" title="{}">{}</span>', name, body)


@register.simple_tag
def platform_chip(name: str) -> SafeString:
    """Most images are for Linux, so that goes without saying."""
    return format_html(
        '<span class="chip chip-small" title="{}" translate="no">{}</span>',
        name,
        name.removeprefix(_LINUX) or name,
    )


@register.simple_tag
def mark(icon_name: str, words: str) -> SafeString:
    """A small icon that says something about the thing beside it."""
    return format_html(
        '<span class="mark" title="{}">{}<span class="visually-hidden">{}</span></span>',
        words,
        icon(icon_name, 14),
        words,
    )


@register.simple_tag
def moved(previous_digest: str) -> SafeString:
    if not previous_digest:
        return SafeString("")
    return mark(
        "arrow-move-right",
        _("The tag was moved here from %(digest)s")
        % {"digest": previous_digest.partition(":")[2][:12]},
    )


@register.simple_tag
def image_address(registry: UUID, repository: str, tag: str) -> str:
    """A list has hundreds of them; finding the route costs more than all else of a link."""
    return f"{_address_of_images(registry, repository, get_script_prefix())}{quote(tag)}/"


@functools.lru_cache(maxsize=256)
def _address_of_images(registry: UUID, repository: str, _script_prefix: str) -> str:
    return reverse("registries:image_by_tag", args=[registry, repository, _ANY_TAG]).removesuffix(
        f"{_ANY_TAG}/"
    )


@register.simple_tag
def pull_command(name: str, tag: str) -> str:
    return f"docker pull {name}:{tag}"


@register.simple_tag
def share(unique: int, shared: int, unique_width: float = 0, shared_width: float = 0) -> SafeString:
    """A picture of a size: what only this one needs, and what others need too. The widths are of 100; without them it is filled."""
    if not unique_width and not shared_width:
        whole = (unique + shared) or 1
        unique_width, shared_width = 100 * unique / whole, 100 * shared / whole
    words = _("The darker part is needed by nothing else in this registry.")
    return format_html(
        '<svg class="share" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true" focusable="false"><title>{}</title>'
        '<rect class="share-track" width="100" height="6"/><rect class="share-unique" width="{}" height="6"/>'
        '<rect class="share-shared" x="{}" width="{}" height="6"/></svg>',
        words,
        f"{unique_width:.2f}",
        f"{unique_width:.2f}",
        f"{shared_width:.2f}",
    )
