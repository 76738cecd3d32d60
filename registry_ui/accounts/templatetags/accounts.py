from django import template
from django.conf import settings

from registry_ui.single_sign_on import SingleSignOn

from .. import services

register = template.Library()


@register.simple_tag
def single_sign_on() -> SingleSignOn | None:
    return settings.SINGLE_SIGN_ON


@register.simple_tag
def setup_is_open() -> bool:
    return services.setup_is_open()
