import pytest

from registry_ui.providers.advice import advice_for


@pytest.mark.parametrize(
    ("host", "name", "hint", "expected"),
    [
        ("docker.io", "denied_push", "", "Docker Hub"),
        ("registry.corp:5000", "denied_push", "", "may push to this repository"),
        ("registry.corp:5000", "missing", "project team not found", "Harbor"),
        ("harbor.corp:8443", "denied_push", "", "Harbor"),
        ("registry.cn-hangzhou.aliyuncs.com", "denied_push", "project", "Alibaba"),
        ("notdocker.io.evil.example", "denied_push", "", "may push to this repository"),
        ("[2001:db8::1]", "denied_push", "", "may push to this repository"),
    ],
)
def test_advice_is_the_providers_own(host, name, hint, expected):
    assert expected in advice_for(host, name, repository="team/app", hint=hint)


def test_a_missing_sentence_falls_back_to_the_general_one():
    assert advice_for("quay.io", "limit") == advice_for("registry.example.com", "limit") != ""


def test_the_repository_stands_in_the_command():
    advice = advice_for("123.dkr.ecr.eu-west-1.amazonaws.com", "missing", repository="team/app")
    assert advice.endswith("create-repository --repository-name team/app")
