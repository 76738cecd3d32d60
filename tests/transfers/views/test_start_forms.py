import pytest
from django.urls import reverse

from registry_ui.images.models import LocalImage
from registry_ui.oci.manifest import Platform
from registry_ui.registries.models import Registry
from tests.transfers.conftest import add_credential
from transfers.models import Kind, State, Transfer

pytestmark = pytest.mark.django_db


PAGES = ["pull", "push", "publish", "tag", "retag"]


@pytest.fixture
def hub(team):
    return Registry.objects.get_or_create(
        team=team, host="docker.io", defaults={"name": "Docker Hub", "provider": "docker_hub"}
    )[0]


@pytest.fixture
def acr(team):
    row = Registry.objects.create(
        team=team, name="Aliyun", host="registry.cn-hangzhou.aliyuncs.com", provider="aliyun_acr"
    )
    return add_credential(
        row, "robot$ci", "canary-secret", label="robot-ci", repository_pattern="my-company/*"
    )


@pytest.fixture
def my_app(team):
    """Return the rows of a local image with two names."""
    values = {
        "team": team,
        "registry": "docker.io",
        "repository": "library/my-app",
        "digest": f"sha256:{'a' * 64}",
        "image_id": f"sha256:{'b' * 64}",
        "media_type": "application/vnd.oci.image.manifest.v1+json",
        "size": 10,
    }
    LocalImage.objects.create(tag="1.0", **values)
    return LocalImage.objects.create(tag="latest", **values)


def page(name, **query):
    return reverse(f"transfers:{name}", query=query)


@pytest.mark.parametrize("name", PAGES)
def test_an_operator_gets_the_form(client_for, bob, name):
    response = client_for(bob).get(page(name))
    assert response.status_code == 200
    assert b"csrfmiddlewaretoken" in response.content


@pytest.mark.parametrize("name", PAGES)
def test_a_viewer_is_told_which_role_it_needs(client_for, victor, name):
    client = client_for(victor)
    for response in (
        client.get(page(name)),
        client.post(page(name), {"reference": "nginx", "source": "nginx"}),
    ):
        assert response.status_code == 403
        assert "Operator" in response.content.decode()
    assert not Transfer.objects.exists()


@pytest.mark.parametrize("name", PAGES)
def test_a_stranger_is_sent_to_the_sign_in(client, name):
    response = client.get(page(name))
    assert response.status_code == 302
    assert reverse("account_login") in response.url


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("method", ["put", "delete", "patch"])
def test_other_methods_are_refused(client_for, bob, name, method):
    assert getattr(client_for(bob), method)(page(name)).status_code == 405


@pytest.mark.parametrize("name", PAGES)
def test_without_a_csrf_token_nothing_starts(bob, name):
    from django.test import Client

    client = Client(enforce_csrf_checks=True)
    client.force_login(bob)
    assert client.post(page(name), {"reference": "nginx"}).status_code == 403
    assert not Transfer.objects.exists()


def test_the_row_belongs_to_the_current_team_whatever_the_form_says(
    client_for, bob, team, other_team
):
    client_for(bob).post(
        page("pull"),
        {"reference": "nginx:1.27", "team": other_team.pk, "user": 1, "state": "succeeded"},
    )
    row = Transfer.objects.get()
    assert (row.team, row.user, row.state) == (team, bob, State.QUEUED)


def test_a_pull_leads_to_its_page(client_for, bob, hub):
    response = client_for(bob).post(
        page("pull"), {"reference": "nginx:1.27-alpine", "platform_choice": "machine"}
    )

    row = Transfer.objects.get()
    assert response.status_code == 302
    assert response.url == reverse("transfers:detail", args=[row.pk])
    assert (row.kind, row.source, row.platform) == (
        Kind.PULL,
        "docker.io/library/nginx:1.27-alpine",
        "",
    )
    assert (row.user, row.requested_by, row.source_registry) == (bob, "bob", hub)


def test_this_machines_platform_is_named(client_for, bob):
    assert str(Platform.of_this_machine()) in client_for(bob).get(page("pull")).content.decode()


def test_a_hostile_reference_is_inert(client_for, bob):
    payload = '"><script>alert(1)</script>'
    for response in (
        client_for(bob).post(page("pull"), {"reference": payload}),
        client_for(bob).get(page("pull", reference=payload)),
    ):
        assert b"<script>alert" not in response.content


def test_a_pull_without_a_credential_is_anonymous_and_says_so(client_for, bob, acr):
    html = (
        client_for(bob)
        .get(page("pull", reference="registry.cn-hangzhou.aliyuncs.com/other/app:1"))
        .content.decode()
    )
    assert "anonymous" in html


def test_the_login_follows_what_is_typed(client_for, bob, acr):
    url = reverse("transfers:login", args=["pull"])
    typed = client_for(bob).get(
        url,
        {"reference": "registry.cn-hangzhou.aliyuncs.com/my-company/app"},
        headers={"HX-Request": "true"},
    )
    assert typed.status_code == 200
    assert "robot-ci" in typed.content.decode()
    assert "<html" not in typed.content.decode()

    unfinished = client_for(bob).get(
        url, {"reference": "registry.cn-hangzhou.aliyuncs.com/"}, headers={"HX-Request": "true"}
    )
    assert "as soon as the name is complete" in unfinished.content.decode()


def test_the_login_of_no_form_is_not_found(client_for, bob, victor):
    assert client_for(bob).get(reverse("transfers:login", args=["tag"])).status_code == 404
    assert client_for(bob).post(reverse("transfers:login", args=["pull"])).status_code == 405
    assert client_for(victor).get(reverse("transfers:login", args=["pull"])).status_code == 403


def test_no_page_shows_a_secret(client_for, bob, acr):
    for name in PAGES:
        html = (
            client_for(bob)
            .get(page(name, reference="registry.cn-hangzhou.aliyuncs.com/my-company/app:1"))
            .content.decode()
        )
        assert "canary-secret" not in html
        assert acr.secret_ciphertext not in html


def test_a_push_of_an_unknown_image_names_the_local_images(client_for, bob, acr, my_app):
    response = client_for(bob).post(
        page("push"), {"reference": "registry.cn-hangzhou.aliyuncs.com/my-company/app:1"}
    )
    assert response.status_code == 422
    assert "There is no local image" in response.context["form"].errors["reference"][0]


def test_a_push_that_no_credential_serves_is_refused_in_the_form(client_for, bob, acr, my_app):
    response = client_for(bob).post(
        page("push"), {"reference": "registry.cn-hangzhou.aliyuncs.com/other/app:1"}
    )
    error = response.context["form"].errors["reference"][0]
    assert response.status_code == 422
    assert "No credential of the team may push there." in error
    assert "my-company/*" in error


def test_an_official_name_cannot_be_pushed(client_for, bob, hub, my_app):
    add_credential(hub, "johndoe", "x")
    response = client_for(bob).post(page("push"), {"reference": "my-app:1.0"})
    assert "official image" in response.context["form"].errors["reference"][0]


def test_a_push_starts(client_for, bob, acr, team, my_app):
    LocalImage.objects.filter(pk=my_app.pk).update(
        registry=acr.registry.host, repository="my-company/app", tag="1.0"
    )

    response = client_for(bob).post(
        page("push"), {"reference": "registry.cn-hangzhou.aliyuncs.com/my-company/app:1.0"}
    )

    row = Transfer.objects.get()
    assert response.url == reverse("transfers:detail", args=[row.pk])
    assert (row.kind, row.target_credential, row.source_is_local) == (Kind.PUSH, acr, True)


def test_local_names_are_suggested(client_for, bob, my_app):
    html = client_for(bob).get(page("push")).content.decode()
    assert '<option value="my-app:1.0">' in html


def test_a_publish_suggests_a_target(client_for, bob, acr, my_app):
    form = client_for(bob).get(page("publish", source="my-app:1.0")).context["form"]
    values = {
        name: form[name].value() for name in ("source", "registry", "namespace", "name", "tag")
    }
    assert values == {
        "source": "my-app:1.0",
        "registry": "registry.cn-hangzhou.aliyuncs.com",
        "namespace": "my-company",
        "name": "my-app",
        "tag": "1.0",
    }


def test_a_publish_shows_its_three_steps_and_warns_of_latest(client_for, bob, acr, my_app):
    html = client_for(bob).get(page("publish", source="my-app")).content.decode()
    for step in ("Check the login", "Tag with the registry", "Push"):
        assert step in html
    assert "latest says nothing about the version" in html
    assert "docker login registry.cn-hangzhou.aliyuncs.com" in html

    assert (
        "latest says nothing"
        not in client_for(bob).get(page("publish", source="my-app:1.0")).content.decode()
    )


def published(**values):
    return {
        "source": "my-app",
        "registry": "registry.cn-hangzhou.aliyuncs.com",
        "namespace": "my-company",
        "name": "app",
        "tag": "1.0",
        **values,
    }


def test_a_publish_starts(client_for, bob, acr, my_app):
    response = client_for(bob).post(page("publish"), published())

    row = Transfer.objects.get()
    assert response.url == reverse("transfers:detail", args=[row.pk])
    assert (row.kind, row.source) == (Kind.PUBLISH, "docker.io/library/my-app:latest")
    assert row.target == "registry.cn-hangzhou.aliyuncs.com/my-company/app:1.0"


@pytest.mark.parametrize(
    ("values", "field", "expected"),
    [
        ({"registry": "https://r.example.com"}, "registry", "no https://"),
        ({"registry": "myhost"}, "registry", "myhost:443 for HTTPS"),
        ({"namespace": "My-Company"}, "namespace", "Write my-company"),
        ({"name": "a//b"}, "name", "empty part"),
        ({"tag": "a b"}, "tag", "is not a tag"),
        ({"tag": ""}, "tag", "required"),
        ({"namespace": "other"}, "registry", "No credential of the team may push there."),
        ({"registry": "docker.io", "namespace": ""}, "namespace", "official image"),
        ({"source": "nothing:1"}, "source", "There is no local image"),
    ],
)
def test_each_part_has_its_own_error(client_for, bob, acr, my_app, values, field, expected):
    response = client_for(bob).post(page("publish"), published(**values))
    assert response.status_code == 422
    assert expected in response.context["form"].errors[field][0]
    assert not Transfer.objects.exists()


def test_a_host_without_a_dot_never_becomes_a_namespace_of_docker_hub(client_for, bob, hub, my_app):
    add_credential(hub, "johndoe", "x")
    assert client_for(bob).post(page("publish"), published(registry="myhost")).status_code == 422
    assert not Transfer.objects.exists()


def test_the_tag_page_shows_the_image_id_and_its_names(client_for, bob, my_app):
    html = client_for(bob).get(page("tag", source="my-app")).content.decode()
    assert "b" * 12 in html
    assert html.count(">my-app<") >= 2


def test_a_tag_of_a_missing_image_is_an_error_in_the_form(client_for, bob, my_app):
    response = client_for(bob).post(
        page("tag"), {"source": "my-app:9", "target": "johndoe/my-app:1"}
    )
    assert response.status_code == 422
    assert "my-app:latest" in response.context["form"].errors["source"][0]


def test_a_digest_is_no_new_name(client_for, bob, my_app):
    response = client_for(bob).post(
        page("tag"), {"source": "my-app", "target": f"a/b@sha256:{'c' * 64}"}
    )
    assert "needs a tag" in response.context["form"].errors["target"][0]
