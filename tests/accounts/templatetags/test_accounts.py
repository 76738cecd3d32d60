import pytest
from django.template import Context, Template

pytestmark = pytest.mark.django_db


def rendered(text):
    return Template("{% load accounts %}" + text).render(Context())


def test_the_set_up_is_open_until_there_is_an_account(ingrid):
    text = "{% setup_is_open as is_open %}{{ is_open }}"
    assert rendered(text) == "False"

    ingrid.delete()
    assert rendered(text) == "True"


def test_single_sign_on_is_that_of_the_settings(settings):
    text = "{% single_sign_on as provider %}{{ provider|default:'none' }}"
    settings.SINGLE_SIGN_ON = None
    assert rendered(text) == "none"

    settings.SINGLE_SIGN_ON = "Keycloak"
    assert rendered(text) == "Keycloak"


def test_the_configured_provider_is_named_and_shows_no_secret(use_provider, settings):
    use_provider()

    assert (
        rendered("{% single_sign_on as provider %}{{ provider.name }}")
        == settings.SINGLE_SIGN_ON.name
    )
    assert settings.SINGLE_SIGN_ON.client_secret not in rendered("{% single_sign_on %}")
