"""How forms look, everywhere: `{{ form }}` and `{{ form.name.as_field_group }}` render with templates/forms/."""

from django.forms import RadioSelect
from django.forms.renderers import TemplatesSetting


class FormRenderer(TemplatesSetting):
    form_template_name = "forms/form.html"
    field_template_name = "forms/field.html"


class TileSelect(RadioSelect):
    """Radio buttons as tiles, for a choice that deserves to be seen whole."""

    template_name = "forms/tiles.html"
