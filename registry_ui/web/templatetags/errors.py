"""The texts about an error on a page, from the error itself or from what a row holds."""

from collections.abc import Mapping
from typing import Any

from django import template

from registry_ui.oci.errors import OciError

from ..errors import describe

register = template.Library()


@register.filter
def error_sentence(error: OciError | Mapping[str, Any] | None) -> str:
    """Return what failed, and why."""
    return describe(error).sentence


@register.filter
def error_advice(error: OciError | Mapping[str, Any] | None) -> str:
    """Return what to do; may be empty."""
    return describe(error).advice


@register.filter
def error_text(error: OciError | Mapping[str, Any] | None) -> str:
    """Return both in one paragraph."""
    return str(describe(error))
