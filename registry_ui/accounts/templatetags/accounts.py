from django import template

from .. import services

register = template.Library()


@register.simple_tag
def setup_is_open() -> bool:
    return services.setup_is_open()
