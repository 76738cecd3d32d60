import pytest

from registry_ui.oci.advice import advice_for


@pytest.mark.parametrize(
    ("host", "name", "hint", "expected"),
    [
        ("docker.io", "denied_push", "", "Docker Hub"),
        ("registry.cn-hangzhou.aliyuncs.com", "missing", "", "namespace must exist"),
        (
            "123.dkr.ecr.eu-west-1.amazonaws.com",
            "missing",
            "",
            "create-repository --repository-name team/app",
        ),
        ("mine.azurecr.io", "denied_push", "", "AcrPush"),
        ("europe-docker.pkg.dev", "missing", "", "must be created first"),
        ("ghcr.io", "denied_push", "", "write:packages"),
        ("registry.corp:5000", "missing", "project team not found", "Harbor"),
        ("harbor.corp", "denied_push", "", "Harbor"),
        ("registry.corp:5000", "denied_push", "", "may push to this repository"),
        ("notdocker.io.evil.example", "denied_push", "", "may push to this repository"),
    ],
)
def test_advice_is_the_providers_own(host, name, hint, expected):
    assert expected in advice_for(host, name, repository="team/app", hint=hint)
