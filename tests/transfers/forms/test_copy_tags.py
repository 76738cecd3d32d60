import pytest
from django.urls import reverse

from registry_ui.oci.reference import Reference
from registry_ui.registries.models import Registry
from tests.parts.index_rows import make_image, make_repository
from tests.transfers.conftest import add_credential
from transfers.forms import CopyTagsForm
from transfers.models import Kind, Transfer
from transfers.tag_selection import TagSelection

pytestmark = pytest.mark.django_db


HOST, MIRROR = "registry.example.com", "mirror.example.com"


@pytest.fixture
def source(team):
    return Registry.objects.create(team=team, name="Source", host=HOST)


@pytest.fixture
def mirror(team):
    row = Registry.objects.create(team=team, name="Mirror", host=MIRROR)
    add_credential(row, "pusher", "canary-secret")
    return row


@pytest.fixture
def app(source):
    """Return team/app with 1.27.3 and its aliases, and an older tag."""
    new, old = make_image(source, ("new", 300)), make_image(source, ("old", 200))
    return make_repository(
        source, "team/app", {"1.27.3": new, "1.27": new, "latest": new, "1.26.0": old}
    )


def selection_data(registry, *tags, **values):
    return {"registry": str(registry.pk), "repository": "team/app", "tag": list(tags), **values}


def send(client, name, data, headers=None):
    return client.post(reverse(f"transfers:{name}"), data, headers=headers or {})


def get_form(client, name, data):
    return client.get(reverse(f"transfers:{name}"), data)


def copy_data(source, mirror, *tags, **values):
    target = {
        "target_registry": str(mirror.pk),
        "target_repository": "team/app",
        "platform_choice": "all",
    }
    return selection_data(source, *tags, **{**target, "confirmed": "1", **values})


@pytest.fixture
def mirror_index(mirror):
    """Index the mirror: its tag 1.27 has another digest, and 1.26.0 the same."""
    return make_repository(
        mirror,
        "team/app",
        {"1.27": make_image(mirror, ("else", 1)), "1.26.0": make_image(mirror, ("old", 200))},
    )


@pytest.fixture
def bound(source, mirror):
    """Return a function for a form that copies tags of team/app to the mirror."""

    def make(*tags, **values):
        data = {
            "target_registry": str(mirror.pk),
            "target_repository": "team/app",
            "platform_choice": "all",
            **values,
        }
        selection = TagSelection(source, Reference(source.host, "team/app"), tags)
        return CopyTagsForm(data, selection=selection)

    return make


def test_a_copy_suggests_the_other_registry_and_the_same_name(client_for, app, source, mirror, bob):
    form = get_form(client_for(bob), "copy_tags", selection_data(source, "1.27")).context["form"]
    assert form["target_registry"].value() == mirror.pk
    assert form["target_repository"].value() == "team/app"
    assert form["new_tag"].value() == "1.27"


def test_a_copy_suggests_the_namespace_that_the_credential_is_for(
    client_for, app, source, team, bob
):
    acr = Registry.objects.create(
        team=team, name="Aliyun", host="registry.cn-hangzhou.aliyuncs.com", provider="aliyun_acr"
    )
    add_credential(acr, "robot", "x", repository_pattern="my-company/*")
    form = get_form(client_for(bob), "copy_tags", selection_data(source, "1.27")).context["form"]
    assert form["target_repository"].value() == "my-company/app"
    assert form.suggestions == ["my-company/app", "team/app"]


def test_selected_tags_keep_their_names(client_for, app, source, mirror, bob):
    response = send(
        client_for(bob), "copy_tags", copy_data(source, mirror, "1.27", "1.26.0", new_tag="ignored")
    )

    assert response.url == reverse("transfers:list", query={"kind": Kind.COPY})
    rows = list(Transfer.objects.order_by("created_at"))
    assert [(row.source, row.target) for row in rows] == [
        (f"{HOST}/team/app:1.27", f"{MIRROR}/team/app:1.27"),
        (f"{HOST}/team/app:1.26.0", f"{MIRROR}/team/app:1.26.0"),
    ]
    assert {
        (row.platform, row.source_registry, row.target_registry, row.needs_target_credential)
        for row in rows
    } == {("all", source, mirror, True)}


def test_one_tag_may_get_another_name(client_for, app, source, mirror, bob):
    response = send(
        client_for(bob), "copy_tags", copy_data(source, mirror, "1.27", new_tag="stable")
    )
    row = Transfer.objects.get()
    assert response.url == reverse("transfers:detail", args=[row.pk])
    assert row.target == f"{MIRROR}/team/app:stable"


def test_a_copy_within_the_registry_needs_another_name(client_for, app, source, bob):
    client = client_for(bob)
    same = send(client, "copy_tags", copy_data(source, source, "1.27", new_tag="1.27"))
    assert same.status_code == 422
    assert "where the image is" in same.context["form"].errors["target_repository"][0]

    send(
        client,
        "copy_tags",
        copy_data(source, source, "1.27", new_tag="1.27", target_repository="other/app"),
    )
    assert Transfer.objects.get().target == f"{HOST}/other/app:1.27"


def test_overwritten_tags_are_listed_and_need_confirmation(
    client_for, app, source, mirror, mirror_index, bob
):
    client, data = client_for(bob), copy_data(source, mirror, "1.27", "1.26.0", "latest")

    refused = send(client, "copy_tags", data)

    form = refused.context["form"]
    assert refused.status_code == 422
    assert [copy.target.tag for copy in form.overwritten_copies] == ["1.27"]
    assert [copy.target.tag for copy in form.planned_copies if copy.is_same] == ["1.26.0"]
    assert "1 tag is there already" in refused.content.decode()
    assert not Transfer.objects.exists()

    assert send(client, "copy_tags", {**data, "overwrite": "on"}).status_code == 302
    assert Transfer.objects.count() == 3


def test_two_tags_with_unknown_digests_are_not_taken_for_the_same_image(bound, source, mirror):
    make_repository(source, "team/app", {"1.0": None, "2.0": None})
    make_repository(mirror, "team/app", {"1.0": None})

    form = bound("1.0", "2.0")

    assert [copy.target.tag for copy in form.overwritten_copies] == ["1.0"]
    assert set(form.errors) == {"overwrite"}


@pytest.mark.parametrize("name", ["team/app:1", "team/app@sha256:00", "Team/App", "", "a//b"])
def test_a_target_that_is_no_repository_plans_nothing(bound, name):
    form = bound("1.0", "2.0", target_repository=name)

    assert (form.target_name, form.pairs, form.planned_copies) == (None, [], [])
    assert not form.is_valid()
    assert set(form.errors) == {"target_repository"}


def test_a_new_tag_that_is_not_complete_plans_nothing(bound):
    assert bound("1.0", new_tag="-").pairs == []
    assert [str(target) for _source, target in bound("1.0", new_tag="2.0").pairs] == [
        "mirror.example.com/team/app:2.0"
    ]
