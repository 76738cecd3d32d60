import pytest
from django.urls import reverse

from registry_ui.registries.models import Registry
from tests.transfers.conftest import add_credential
from transfers.models import Transfer

pytestmark = pytest.mark.django_db


def page(name, **query):
    return reverse(f"transfers:{name}", query=query)


def test_another_teams_credential_cannot_be_selected(client_for, bob, other_team):
    row = Registry.objects.create(team=other_team, name="x", host="registry.example.com")
    foreign = add_credential(row, "theirs", "x", label="foreign-label")

    response = client_for(bob).post(
        page("pull"), {"reference": "registry.example.com/a/b:1", "credential": foreign.pk}
    )

    assert response.status_code == 422
    assert "foreign-label" not in response.content.decode()
    assert not Transfer.objects.exists()


@pytest.fixture
def acr(team):
    row = Registry.objects.create(
        team=team, name="Aliyun", host="registry.cn-hangzhou.aliyuncs.com", provider="aliyun_acr"
    )
    return add_credential(
        row, "robot$ci", "canary-secret", label="robot-ci", repository_pattern="my-company/*"
    )


def test_it_says_which_credential_will_serve(client_for, bob, acr):
    html = (
        client_for(bob)
        .get(page("pull", reference="registry.cn-hangzhou.aliyuncs.com/my-company/app:1"))
        .content.decode()
    )
    assert "robot-ci" in html
    assert "serves my-company/*" in html
    assert "<select" not in html


def test_several_that_fit_are_offered_with_the_best_as_automatic(client_for, bob, acr):
    general = add_credential(acr.registry, "general", "x", label="general")
    html = (
        client_for(bob)
        .get(page("pull", reference="registry.cn-hangzhou.aliyuncs.com/my-company/app:1"))
        .content.decode()
    )
    assert "Automatic: robot-ci" in html
    assert str(general.pk) in html


def test_the_selected_credential_is_used(client_for, bob, acr):
    general = add_credential(acr.registry, "general", "x", label="general")
    client_for(bob).post(
        page("pull"),
        {
            "reference": "registry.cn-hangzhou.aliyuncs.com/my-company/app:1",
            "credential": general.pk,
        },
    )
    assert Transfer.objects.get().source_credential == general


def test_a_tie_must_be_decided(client_for, bob, acr):
    other = add_credential(
        acr.registry, "other", "x", label="other", repository_pattern="my-company/*"
    )
    data = {"reference": "registry.cn-hangzhou.aliyuncs.com/my-company/app:1"}

    response = client_for(bob).post(page("pull"), data)
    assert response.status_code == 422
    assert "Choose" in response.context["form"].errors["credential"][0]
    assert str(other.pk) in response.content.decode()
    assert not Transfer.objects.exists()

    assert client_for(bob).post(page("pull"), {**data, "credential": other.pk}).status_code == 302
    assert Transfer.objects.get().source_credential == other


def test_a_credential_of_another_registry_cannot_be_selected(client_for, bob, acr):
    response = client_for(bob).post(
        page("pull"), {"reference": "registry.example.com/a/b:1", "credential": acr.pk}
    )
    assert response.status_code == 422
    assert "never sent to" in response.context["form"].errors["credential"][0]
