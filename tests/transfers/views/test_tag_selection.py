import uuid
from itertools import product

import pytest
from django.core.exceptions import BadRequest
from django.http import Http404, QueryDict
from django.urls import reverse

from registry_ui.accounts.models import Membership
from registry_ui.registries.models import Registry
from tests.parts.index_rows import make_image, make_repository
from tests.parts.unusual_texts import ODD_TEXTS, distribute
from tests.transfers.conftest import add_credential
from transfers.models import Kind, State, Transfer
from transfers.tag_selection import read_tag_selection

pytestmark = pytest.mark.django_db


HTMX = {"HX-Request": "true"}


HOST, MIRROR = "registry.example.com", "mirror.example.com"


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


def query(data):
    values = QueryDict(mutable=True)
    for name, value in data.items():
        values.setlist(name, value if isinstance(value, list) else [value])
    return values


def send(client, name, data, headers=None):
    return client.post(reverse(f"transfers:{name}"), data, headers=headers or {})


def get_form(client, name, data):
    return client.get(reverse(f"transfers:{name}"), data)


@pytest.mark.parametrize("name", ["pull_tags", "copy_tags"])
def test_operators_see_the_form_and_viewers_do_not(client_for, app, source, bob, victor, name):
    data = selection_data(source, "1.27")
    assert get_form(client_for(bob), name, data).status_code == 200
    for response in (
        get_form(client_for(victor), name, data),
        send(client_for(victor), name, {**data, "confirmed": "1"}),
    ):
        assert response.status_code == 403
    assert not Transfer.objects.exists()


@pytest.mark.parametrize("name", ["pull_tags", "copy_tags", "delete_tags"])
def test_an_outsider_does_not_find_the_registry(client_for, app, source, charlie, name):
    for values in ({}, {"confirmed": "1"}):
        assert (
            send(client_for(charlie), name, selection_data(source, "1.27", **values)).status_code
            == 404
        )
    assert get_form(client_for(charlie), name, selection_data(source, "1.27")).status_code == 404
    assert (
        get_form(
            client_for(charlie),
            name,
            {**selection_data(source, "1"), "registry": str(uuid.uuid4())},
        ).status_code
        == 404
    )
    assert not Transfer.objects.exists()


@pytest.mark.parametrize("name", ["pull_tags", "copy_tags", "delete_tags"])
@pytest.mark.parametrize("method", ["put", "delete", "patch"])
def test_other_methods_are_refused(client_for, alice, name, method):
    assert getattr(client_for(alice), method)(reverse(f"transfers:{name}")).status_code == 405


@pytest.mark.parametrize("name", ["pull_tags", "copy_tags", "delete_tags"])
def test_without_a_selection_it_redirects_to_the_repository(client_for, app, source, alice, name):
    client = client_for(alice)
    assert get_form(client, name, {}).url == reverse("registries:list")
    assert get_form(client, name, selection_data(source)).url == reverse(
        "registries:repository", args=[source.pk, "team/app"]
    )
    assert send(client, name, {"confirmed": "1"}).url == reverse("registries:list")


@pytest.mark.parametrize("name", ["pull_tags", "copy_tags", "delete_tags"])
@pytest.mark.parametrize(
    "invalid",
    [
        {"registry": "x"},
        {"repository": "Team/App"},
        {"repository": ""},
        {"repository": "a" * 300},
        {"tag": ["a b"]},
        {"tag": ["x" * 129]},
        {"tag": [str(number) for number in range(201)]},
    ],
    ids=lambda invalid: next(iter(invalid)),
)
def test_names_that_no_page_has_made_are_refused(client_for, app, source, alice, name, invalid):
    for values in ({}, {"confirmed": "1"}):
        assert (
            send(
                client_for(alice), name, {**selection_data(source, "1.27"), **invalid, **values}
            ).status_code
            == 400
        )
    assert not Transfer.objects.exists()


VIEWS = ("pull_tags", "copy_tags", "delete_tags")


FIELDS = (
    "registry",
    "repository",
    "tag",
    "digest",
    "target_registry",
    "target_repository",
    "new_tag",
    "platform",
)


@pytest.mark.parametrize("parameter", ["registry", "repository", "tag", "digest"])
def test_odd_texts_are_read_as_a_choice_or_refused(app, source, alice, parameter):
    for text in ODD_TEXTS:
        try:
            read = read_tag_selection(
                query({**selection_data(source, "1.27"), parameter: text}), alice
            )
        except (BadRequest, Http404):
            continue
        assert read is None or text in ("", read.repository, *read.tags), text


def test_odd_texts_get_a_page_or_a_plain_no(client_for, app, source, mirror, alice):
    client, usual = client_for(alice), selection_data(source, "1.27")
    for (name, parameter), text in distribute(product(VIEWS, FIELDS)):
        data = {**usual, parameter: text}
        for response in (
            get_form(client, name, data),
            send(client, name, data, HTMX),
            send(client, name, {**data, "confirmed": "1"}),
        ):
            assert response.status_code in (200, 302, 400, 422), (name, parameter, text)
            assert b"<script>alert" not in response.content


def test_showing_a_form_starts_nothing(client_for, app, source, mirror, alice):
    client = client_for(alice)
    for name in ("pull_tags", "copy_tags", "delete_tags"):
        for response in (
            get_form(client, name, selection_data(source, "1.27", confirmed="1")),
            send(client, name, selection_data(source, "1.27")),
        ):
            assert response.status_code == 200, name
    assert not Transfer.objects.exists()


def test_what_is_started_belongs_to_the_team_of_the_registry(client_for, other_team, bob, charlie):
    Membership.objects.create(team=other_team, user=bob, role="operator")
    theirs = Registry.objects.create(team=other_team, name="Theirs", host=HOST)
    client = client_for(bob)
    send(client, "pull_tags", selection_data(theirs, "1.0", confirmed="1"))
    assert Transfer.objects.get().team == other_team

    Membership.objects.filter(team=other_team, user=bob).update(role="viewer")
    assert (
        send(client, "pull_tags", selection_data(theirs, "1.0", confirmed="1")).status_code == 403
    )
    assert Transfer.objects.count() == 1


def test_a_page_asks_the_database_little(
    client_for, app, source, mirror, alice, django_assert_max_num_queries
):
    client = client_for(alice)
    for name in ("pull_tags", "copy_tags", "delete_tags"):
        with django_assert_max_num_queries(13):
            get_form(client, name, selection_data(source, "1.27", "1.26.0", "latest"))


def test_selected_tags_are_pulled_with_one_transfer_each(client_for, app, source, bob):
    response = send(
        client_for(bob),
        "pull_tags",
        selection_data(source, "1.27", "1.26.0", platform_choice="all", confirmed="1"),
    )

    assert response.url == reverse("transfers:list", query={"kind": Kind.PULL})
    rows = Transfer.objects.order_by("created_at")
    assert [row.source for row in rows] == [f"{HOST}/team/app:1.27", f"{HOST}/team/app:1.26.0"]
    assert {(row.kind, row.state, row.platform, row.user, row.source_registry) for row in rows} == {
        (Kind.PULL, State.QUEUED, "all", bob, source)
    }


def test_a_tag_that_the_index_does_not_know_can_be_pulled(client_for, source, bob):
    response = send(
        client_for(bob), "pull_tags", selection_data(source, "brand-new", confirmed="1")
    )
    row = Transfer.objects.get()
    assert response.url == reverse("transfers:detail", args=[row.pk])
    assert row.source == f"{HOST}/team/app:brand-new"


def test_a_short_name_of_docker_hub_is_completed(client_for, team, bob):
    hub = Registry.objects.get(team=team, host="docker.io")
    send(
        client_for(bob),
        "pull_tags",
        {**selection_data(hub, "1.27", confirmed="1"), "repository": "nginx"},
    )
    assert Transfer.objects.get().source == "docker.io/library/nginx:1.27"


def copy_data(source, mirror, *tags, **values):
    target = {
        "target_registry": str(mirror.pk),
        "target_repository": "team/app",
        "platform_choice": "all",
    }
    return selection_data(source, *tags, **{**target, "confirmed": "1", **values})


def test_one_platform_is_announced_to_change_the_digest(client_for, app, source, mirror, bob):
    html = get_form(client_for(bob), "copy_tags", selection_data(source, "1.27")).content.decode()
    assert "has another digest than the index" in html

    send(
        client_for(bob),
        "copy_tags",
        copy_data(
            source, mirror, "1.27", new_tag="1", platform_choice="selected", platform="linux/arm64"
        ),
    )
    assert Transfer.objects.get().platform == "linux/arm64"


@pytest.fixture
def mirror_index(mirror):
    """Index the mirror: its tag 1.27 has another digest, and 1.26.0 the same."""
    return make_repository(
        mirror,
        "team/app",
        {"1.27": make_image(mirror, ("else", 1)), "1.26.0": make_image(mirror, ("old", 200))},
    )


def test_the_same_image_of_one_platform_only_is_not_the_same(
    client_for, app, source, mirror, mirror_index, bob
):
    data = copy_data(
        source,
        mirror,
        "1.26.0",
        new_tag="1.26.0",
        platform_choice="selected",
        platform="linux/amd64",
        confirmed="",
    )
    del data["confirmed"]
    form = send(client_for(bob), "copy_tags", data).context["form"]
    assert [copy.target.tag for copy in form.overwritten_copies] == ["1.26.0"]


def test_latest_is_warned_of(client_for, app, source, mirror, bob):
    client = client_for(bob)
    assert (
        "latest says nothing"
        in get_form(client, "copy_tags", selection_data(source, "latest", "1.27")).content.decode()
    )
    assert (
        "latest says nothing"
        not in get_form(client, "copy_tags", selection_data(source, "1.27")).content.decode()
    )


def test_the_preview_follows_the_typed_name(client_for, app, source, mirror, mirror_index, bob):
    data = copy_data(source, mirror, "1.27", new_tag="stable", target_repository="other/name")
    del data["confirmed"]

    response = send(client_for(bob), "copy_tags", data, HTMX)
    html = response.content.decode()

    assert response.status_code == 200
    assert "<html" not in html
    assert f'title="{MIRROR}/other/name:stable"' in html
    assert "not looked into that repository yet" in html
    assert "pusher" in html
    assert "canary-secret" not in html


@pytest.mark.parametrize(
    ("values", "field", "expected"),
    [
        ({"target_repository": "Team/App"}, "target_repository", "Write team"),
        ({"target_repository": "a:b"}, "target_repository", "cannot be part"),
        ({"target_repository": ""}, "target_repository", "required"),
        ({"new_tag": "a b"}, "new_tag", "is not a tag"),
        ({"target_registry": "x"}, "target_registry", "valid"),
        ({"platform_choice": "selected"}, "platform", "Write the platform"),
    ],
)
def test_each_part_has_its_own_error(client_for, app, source, mirror, bob, values, field, expected):
    response = send(
        client_for(bob),
        "copy_tags",
        copy_data(source, mirror, "1.27", **{"new_tag": "1", **values}),
    )
    assert response.status_code == 422
    assert expected in response.context["form"].errors[field][0]
    assert not Transfer.objects.exists()


def test_docker_hub_requires_an_account_in_the_name(client_for, app, source, team, bob):
    hub = Registry.objects.get(team=team, host="docker.io")
    add_credential(hub, "johndoe", "x")
    client = client_for(bob)

    form = get_form(client, "copy_tags", selection_data(source, "1.27")).context["form"]
    assert form["target_repository"].value() == "team/app"
    assert "johndoe/app" in form.suggestions
    refused = send(
        client, "copy_tags", copy_data(source, hub, "1.27", new_tag="1", target_repository="app")
    )
    assert "official image" in refused.context["form"].errors["target_repository"][0]
    assert "johndoe/nginx" in refused.content.decode()


def test_a_target_that_takes_no_push_without_a_login_is_refused(client_for, app, source, team, bob):
    hub = Registry.objects.get(team=team, host="docker.io")
    response = send(
        client_for(bob),
        "copy_tags",
        copy_data(source, hub, "1.27", new_tag="1", target_repository="johndoe/app"),
    )
    assert "takes no push without a login" in response.context["form"].errors["target_registry"][0]


def test_a_tie_at_either_endpoint_is_decided_by_the_person(client_for, app, source, mirror, bob):
    reader, _other = (
        add_credential(source, name, "x", can_push=False) for name in ("read-1", "read-2")
    )
    writer = add_credential(mirror, "writer", "x")
    client, data = client_for(bob), copy_data(source, mirror, "1.27", new_tag="1")

    response = send(client, "copy_tags", data)
    assert set(response.context["form"].errors) == {"source_credential", "target_credential"}

    send(
        client,
        "copy_tags",
        {**data, "source_credential": str(reader.pk), "target_credential": str(writer.pk)},
    )
    row = Transfer.objects.get()
    assert (row.source_credential, row.target_credential) == (reader, writer)


def test_another_teams_registry_is_no_target(client_for, app, source, mirror, other_team, bob):
    theirs = Registry.objects.create(
        team=other_team, name="Theirs-and-secret", host="theirs.example.com"
    )
    response = send(client_for(bob), "copy_tags", copy_data(source, theirs, "1.27", new_tag="1"))
    assert response.status_code == 422
    assert "target_registry" in response.context["form"].errors
    assert "Theirs-and-secret" not in response.content.decode()
    assert not Transfer.objects.exists()
