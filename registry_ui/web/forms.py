"""The form renderer: `{{ form }}` and `as_field_group` use the templates in templates/forms/."""

from django.forms import RadioSelect
from django.forms.renderers import TemplatesSetting


class FormRenderer(TemplatesSetting):
    form_template_name = "forms/form.html"
    field_template_name = "forms/field.html"


class TileSelect(RadioSelect):
    """Radio buttons rendered as tiles."""

    template_name = "forms/tiles.html"
