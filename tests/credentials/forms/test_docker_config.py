"""The forms of the import of a docker configuration."""

import base64
import json

import pytest

from registry_ui.credentials.forms.docker_config import DockerConfigForm, LoginSelection

SECRET = "canary-5ecret"
LOGIN = base64.b64encode(f"alice:{SECRET}".encode()).decode()


def read(text):
    form = DockerConfigForm({"text": text})
    form.is_valid()
    return form


def test_the_pasted_text_is_not_sent_back():
    form = read(json.dumps({"auths": {"registry.example.com": {"auth": LOGIN}}}))

    assert form.config.logins
    assert SECRET not in form.as_p()
    assert LOGIN not in form.as_p()


def test_invalid_json_and_an_empty_configuration_are_errors():
    assert "text" in read("{").errors
    assert "no login" in str(read("{}").errors)


def test_a_file_with_helpers_only_is_explained_on_the_next_page():
    form = read(json.dumps({"credHelpers": {"registry.example.com": "ecr-login"}}))

    assert form.is_valid()
    assert form.config.skipped


@pytest.mark.parametrize("ticked", [[], ["7"]])
def test_at_least_one_known_login_has_to_be_ticked(ticked):
    form = LoginSelection({"login": ticked}, planned=[object()])

    assert not form.is_valid()
