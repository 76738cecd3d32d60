"""Template tags of the pages of repositories and tags."""

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
    """Return a repository's name in the colours of references, without its registry."""
    namespace, slash, last = str(name).rpartition("/")
    # A break is allowed after each slash, so that long names fit into narrow screens.
    parts = [("namespace", part, "/", _BREAK) for part in namespace.split("/") if slash]
    body = format_html_join(
        "", '<span class="part-{}">{}</span>{}{}', [*parts, ("repository", last, "", "")]
    )
    return format_html('<span class="reference" translate="no" title="{}">{}</span>', name, body)


@register.simple_tag
def platform_chip(name: str) -> SafeString:
    # Most images are for Linux, so only other systems are named.
    return format_html(
        '<span class="chip chip-small" title="{}" translate="no">{}</span>',
        name,
        name.removeprefix(_LINUX) or name,
    )


@register.simple_tag
def mark(icon_name: str, label: str) -> SafeString:
    """Return a small icon with a label for a tooltip and for screen readers."""
    return format_html(
        '<span class="mark" title="{}">{}<span class="visually-hidden">{}</span></span>',
        label,
        icon(icon_name, 14),
        label,
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
    # A list has hundreds of links, and resolving the route is most of a link's cost.
    # The tag is quoted here as the resolver would quote it.
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
    """Return a bar with the unique and the shared part of a size.

    The widths are parts of 100; without them the bar is filled.
    """
    # A single bar is drawn to its own scale.
    if not unique_width and not shared_width:
        whole = (unique + shared) or 1
        unique_width, shared_width = 100 * unique / whole, 100 * shared / whole
    title = _("The darker part is needed by nothing else in this registry.")
    return format_html(
        '<svg class="share" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true" '
        'focusable="false"><title>{}</title><rect class="share-track" width="100" height="6"/>'
        '<rect class="share-unique" width="{}" height="6"/>'
        '<rect class="share-shared" x="{}" width="{}" height="6"/></svg>',
        title,
        f"{unique_width:.2f}",
        f"{unique_width:.2f}",
        f"{shared_width:.2f}",
    )
