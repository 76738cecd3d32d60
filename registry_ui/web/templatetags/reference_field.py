"""The input field for an image reference, with the analysis of the typed text."""

from typing import Any

from django import template
from django.forms import BoundField
from django.urls import reverse
from django.utils.http import urlencode

from ..reference_analysis import analyse_reference

register = template.Library()


@register.inclusion_tag("web/_reference_field.html")
def reference_field(field: BoundField, use: str = "pull") -> dict[str, Any]:
    """Render a bound field with its analysis; `use` is pull, push or tag."""
    analysis = analyse_reference(str(field.value() or ""), use)
    return {
        "field": field,
        "widget": field.as_widget(attrs=_htmx_attributes(field, use)),
        "analysis": analysis,
        "analysis_id": f"{field.auto_id}_analysis",
        "field_has_errors": bool(field.errors),
    }


def _htmx_attributes(field: BoundField, use: str) -> dict[str, str | bool]:
    query = urlencode({"use": use, "field": field.html_name})
    return {
        "hx-get": f"{reverse('web:reference_analysis')}?{query}",
        "hx-trigger": "input changed delay:200ms",
        "hx-target": f"#{field.auto_id}_analysis",
        "hx-sync": "this:replace",
        "hx-params": field.html_name,
    }
