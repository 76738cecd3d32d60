import pytest
from django.urls import reverse

from registry_ui.oci.reference import Reference
from registry_ui.registries.models import Registry
from tests.transfers.conftest import add_credential
from tests.transfers.local_images import local_image
from tests.transfers.rows import DIGEST
from transfers.forms import RetagForm, TagForm
from transfers.models import Transfer

pytestmark = pytest.mark.django_db


def page(name, **query):
    return reverse(f"transfers:{name}", query=query)


@pytest.fixture
def acr(team):
    row = Registry.objects.create(
        team=team, name="Aliyun", host="registry.cn-hangzhou.aliyuncs.com", provider="aliyun_acr"
    )
    return add_credential(
        row, "robot$ci", "canary-secret", label="robot-ci", repository_pattern="my-company/*"
    )


@pytest.mark.parametrize(
    ("choice", "text", "platform"),
    [
        ("machine", "", ""),
        ("machine", "linux/arm64", ""),
        ("selected", "Linux/ARM/v7", "linux/arm/v7"),
        ("all", "", "all"),
        ("all", "linux/arm64", "all"),
    ],
)
def test_the_platform_is_the_selected_one(client_for, bob, choice, text, platform):
    client_for(bob).post(
        page("pull"), {"reference": "nginx:1", "platform_choice": choice, "platform": text}
    )
    assert Transfer.objects.get().platform == platform


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "required"),
        ("Nginx", "Write nginx"),
        ("https://nginx", "is a URL"),
        ("nginx:", "tag after the colon is missing"),
        ("nginx@sha256:00", "is not a digest"),
        ("x" * 501, "at most 500"),
    ],
)
def test_a_malformed_reference_is_an_error_in_the_form(client_for, bob, text, expected):
    response = client_for(bob).post(page("pull"), {"reference": text})
    assert response.status_code == 422
    assert expected in response.context["form"].errors["reference"][0]


def test_a_retag_stays_in_its_repository(client_for, bob, acr):
    response = client_for(bob).post(
        page("retag"),
        {"source": "registry.cn-hangzhou.aliyuncs.com/my-company/app:1.0", "tag": "stable"},
    )
    row = Transfer.objects.get()
    assert response.url == reverse("transfers:detail", args=[row.pk])
    assert row.target == "registry.cn-hangzhou.aliyuncs.com/my-company/app:stable"
    assert not row.target_is_local


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ("a b", "is not a tag"),
        ("x/y:z", "is not a tag"),
        ("1.0", "has this tag already"),
        ("", "required"),
    ],
)
def test_a_retag_needs_another_tag(client_for, bob, acr, tag, expected):
    data = {"source": "registry.cn-hangzhou.aliyuncs.com/my-company/app:1.0", "tag": tag}
    assert expected in client_for(bob).post(page("retag"), data).context["form"].errors["tag"][0]


def test_the_known_names_are_those_of_the_image_in_the_team(team, other_team):
    local_image(team, "my-app:1", digest=DIGEST)
    local_image(team, "my-app:latest", digest=DIGEST)
    local_image(team, "other:1")
    local_image(other_team, "theirs:1")

    form = TagForm(initial={"source": "my-app:1"}, team=team)

    assert {name.familiar for name in form.known_names()} == {"my-app:1", "my-app:latest"}
    assert TagForm(initial={"source": "my-app:"}, team=team).known_names() == []
    assert TagForm(initial={"source": "theirs:1"}, team=team).known_image is None


def test_a_tag_may_be_moved_back_to_a_digest_that_it_had(team):
    name = "r.example.com/team/app:1.0"

    assert set(RetagForm({"source": name, "tag": "1.0"}, team=team).errors) == {"tag"}

    form = RetagForm({"source": f"{name}@{DIGEST}", "tag": "1.0"}, team=team)
    assert form.is_valid(), form.errors
    assert form.arguments()["target"] == Reference.parse(name)
