import pytest
from django.urls import reverse

from registry_ui.catalog.models import Tag
from registry_ui.registries.models import Registry
from tests.parts.error_texts import stored_error
from tests.parts.index_rows import make_image, make_index, make_repository
from tests.transfers.conftest import add_credential
from tests.transfers.rows import DIGEST, transfer_row
from transfers.models import Kind, State, Transfer

pytestmark = pytest.mark.django_db


HOST = "registry.example.com"


@pytest.fixture
def registry_row(team):
    return Registry.objects.create(team=team, name="Example", host=HOST)


@pytest.fixture
def images(registry_row):
    return {name: make_image(registry_row, (name, 1024)) for name in ("new", "old", "arm")}


@pytest.fixture
def app(registry_row, images):
    """Return a repository with three images.

    1.27.3, 1.27 and latest are one image, 1.26.0 is another one, and multi is an index with the
    image of the tag arm.
    """
    new, old, arm = images.values()
    multi = make_index(registry_row, arm)
    tags = {
        "1.27.3": new,
        "1.27": new,
        "latest": new,
        "1.26.0": old,
        "multi": multi,
        "arm": arm,
        "unseen": None,
    }
    return make_repository(registry_row, "team/app", tags)


@pytest.fixture
def post_form(client_for, registry_row, app, alice):
    """Return a function that requests the page as Alice."""

    def send(*tags, person=None, **values):
        data = {
            "registry": str(registry_row.pk),
            "repository": "team/app",
            "tag": list(tags),
            **values,
        }
        return client_for(person or alice).post(reverse("transfers:delete_tags"), data)

    return send


def plan_for(post_form, *tags, **values):
    return post_form(*tags, **values).context["plan"]


@pytest.mark.parametrize("person", ["victor", "bob"])
def test_only_admins_see_the_page_or_delete(request, post_form, client_for, registry_row, person):
    user = request.getfixturevalue(person)
    for values in ({}, {"confirmed": "1"}):
        response = post_form("1.26.0", person=user, **values)
        assert response.status_code == 403
        assert "Admin" in response.content.decode()
    query = {"registry": str(registry_row.pk), "repository": "team/app", "tag": "1.26.0"}
    assert client_for(user).get(reverse("transfers:delete_tags", query=query)).status_code == 403
    assert not Transfer.objects.exists()


def test_without_a_csrf_token_nothing_is_deleted(alice, app, registry_row):
    from django.test import Client

    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    data = {
        "registry": str(registry_row.pk),
        "repository": "team/app",
        "tag": "1.26.0",
        "confirmed": "1",
    }
    assert client.post(reverse("transfers:delete_tags"), data).status_code == 403
    assert not Transfer.objects.exists()


def test_the_plan_lists_kept_and_lost_images(post_form, images):
    plan = plan_for(post_form, "1.27", "1.26.0")

    new, old = plan.images if plan.images[0].digest == images["new"].digest else plan.images[::-1]
    assert (new.selected_tags, set(new.other_tags), new.is_lost) == (
        ("1.27",),
        {"1.27.3", "latest"},
        False,
    )
    assert (old.selected_tags, old.other_tags, old.is_lost) == (("1.26.0",), (), True)
    assert plan.lost_size == images["old"].size
    html = post_form("1.27", "1.26.0").content.decode()
    for expected in (
        "is lost",
        "stays",
        "1 image of",
        "loses its last name",
        "2 tags that you have not chosen",
        "collects its garbage",
    ):
        assert expected in html, expected


def test_when_every_alias_is_selected_the_image_is_lost(post_form, images):
    plan = plan_for(post_form, "1.27.3", "1.27", "latest")
    assert [image.digest for image in plan.lost_images] == [images["new"].digest]
    assert plan.unselected_tags == []


def test_a_part_of_an_index_that_has_a_name_is_not_lost(post_form):
    plan = plan_for(post_form, "arm")
    assert plan.images[0].index_tags == ("multi",)
    assert plan.lost_images == []
    assert "as a part of" in post_form("arm").content.decode()


def test_a_tag_that_is_not_indexed_says_so(post_form):
    for tag in ("unseen", "not-even-indexed"):
        html = post_form(tag).content.decode()
        assert "Nobody has looked yet at what it names" in html
        assert html.count('name="confirmed"') == 1


def test_a_digest_includes_all_of_its_tags(post_form, images):
    plan = plan_for(post_form, digest=images["new"].digest)
    assert set(plan.all_tags) == set(plan.tags) == {"1.27.3", "1.27", "latest"}
    untagged = plan_for(post_form, digest=f"sha256:{'e' * 64}")
    assert (untagged.tags, untagged.all_tags, len(untagged.images)) == ([], [], 1)


@pytest.mark.parametrize("digest", ["sha256:abc", "../../etc", "md5:" + "a" * 32])
def test_what_is_no_digest_is_refused(post_form, digest):
    assert post_form(digest=digest).status_code == 400


@pytest.mark.parametrize(
    ("tags", "buttons"),
    [
        (["1.26.0"], ["Delete the tag 1.26.0", "Delete the image and its tag 1.26.0"]),
        (["1.27"], ["Delete the tag 1.27", "Delete the image and all of its 3 tags"]),
        (["1.27", "1.26.0"], ["Delete 2 tags", "Delete 2 images and all of their 4 tags"]),
    ],
)
def test_the_buttons_name_what_they_destroy(post_form, tags, buttons):
    html = post_form(*tags).content.decode()
    for expected in buttons:
        assert expected in html


def test_one_tag_is_deleted_alone(post_form, images, alice, registry_row):
    response = post_form("1.27", confirmed="1")

    row = Transfer.objects.get()
    assert response.url == reverse("transfers:detail", args=[row.pk])
    assert (row.kind, row.state, row.user, row.target_registry) == (
        Kind.DELETE,
        State.QUEUED,
        alice,
        registry_row,
    )
    assert row.target == f"{HOST}/team/app:1.27"
    assert row.options == {"digest": images["new"].digest, "tags": None}


def test_several_want_the_repositorys_name(post_form):
    for typed in ({}, {"name": "app"}, {"name": "Team/app"}):
        refused = post_form("1.27", "1.26.0", confirmed="1", **typed)
        assert refused.status_code == 422
        assert "Type the repository" in refused.context["form"].errors["name"][0]
    assert not Transfer.objects.exists()

    response = post_form("1.27", "1.26.0", confirmed="1", name="team/app")
    assert response.url == reverse("transfers:list", query={"kind": Kind.DELETE})
    assert set(Transfer.objects.values_list("target", flat=True)) == {
        f"{HOST}/team/app:1.27",
        f"{HOST}/team/app:1.26.0",
    }


def test_two_hundred_are_deleted_at_once(post_form):
    tags = [f"9.{number}" for number in range(200)]
    post_form(*tags, confirmed="1", name="team/app")
    assert Transfer.objects.filter(kind=Kind.DELETE, state=State.QUEUED).count() == 200


def test_what_has_changed_since_the_page_was_shown_is_shown_again(post_form, app, images):
    seen = plan_for(post_form, "1.26.0").fingerprint
    Tag.objects.filter(name="1.27").update(digest=images["old"].digest)

    response = post_form("1.26.0", confirmed="1", seen=seen)

    assert response.status_code == 422
    assert "has changed since this page was shown" in response.content.decode()
    assert not Transfer.objects.exists()
    assert (
        post_form("1.26.0", confirmed="1", seen=response.context["plan"].fingerprint).status_code
        == 302
    )


def test_an_image_with_several_tags_requires_the_name_although_one_was_selected(post_form, images):
    assert post_form("1.27", mode="images", confirmed="1").status_code == 422
    assert not Transfer.objects.exists()

    post_form("1.27", mode="images", confirmed="1", name="team/app")

    row = Transfer.objects.get()
    assert row.target == f"{HOST}/team/app@{images['new'].digest}"
    assert row.options["digest"] == images["new"].digest
    assert set(row.options["tags"]) == {"1.27.3", "1.27", "latest"}


def test_an_image_with_one_tag_needs_no_name(post_form, images):
    post_form("1.26.0", mode="images", confirmed="1")
    assert Transfer.objects.get().target == f"{HOST}/team/app@{images['old'].digest}"


def test_one_transfer_a_digest_however_many_tags(post_form):
    post_form("1.27.3", "1.27", "latest", "1.26.0", mode="images", confirmed="1", name="team/app")
    assert Transfer.objects.count() == 2


def test_a_part_of_an_index_that_stays_is_not_deleted(post_form):
    refused = post_form("arm", mode="images", confirmed="1")
    assert refused.status_code == 422
    assert "multi" in str(refused.context["form"].non_field_errors())
    assert not Transfer.objects.exists()

    post_form("arm", "multi", mode="images", confirmed="1", name="team/app")
    assert Transfer.objects.count() == 2


def test_a_tag_that_is_not_indexed_can_only_be_deleted_alone(post_form):
    refused = post_form("unseen", "1.26.0", mode="images", confirmed="1", name="team/app")
    assert refused.status_code == 422
    assert "unseen" in str(refused.context["form"].non_field_errors())
    assert not Transfer.objects.exists()


def test_it_needs_a_credential_that_may_push(post_form, registry_row):
    add_credential(registry_row, "reader", "canary-secret", can_push=False)
    refused = post_form("1.26.0", confirmed="1")
    assert refused.status_code == 422
    assert "for pulling only" in refused.content.decode()
    assert "canary-secret" not in refused.content.decode()
    assert not Transfer.objects.exists()

    pusher = add_credential(registry_row, "pusher", "x")
    post_form("1.26.0", confirmed="1")
    assert Transfer.objects.get().target_credential == pusher


def test_a_tie_is_decided_by_the_person(post_form, registry_row):
    one, _two = (add_credential(registry_row, name, "x") for name in ("one", "two"))
    assert "credential" in post_form("1.26.0", confirmed="1").context["form"].errors
    post_form("1.26.0", confirmed="1", credential=str(one.pk))
    assert Transfer.objects.get().target_credential == one


def test_another_teams_credential_cannot_be_selected(post_form, registry_row, other_team):
    add_credential(registry_row, "pusher", "x")
    foreign = add_credential(
        Registry.objects.create(team=other_team, name="x", host=HOST),
        "theirs",
        "x",
        label="foreign-label",
    )
    response = post_form("1.26.0", confirmed="1", credential=str(foreign.pk))
    assert response.status_code == 422
    assert "foreign-label" not in response.content.decode()


def test_a_digest_with_ten_thousand_names_is_one_page(
    client_for, alice, registry_row, app, images, django_assert_max_num_queries
):
    Tag.objects.bulk_create(
        Tag(
            repository=app,
            team=app.team,
            name=f"build-{number}",
            digest=images["old"].digest,
            artifact=images["old"],
            order_key=b"x%d" % number,
        )
        for number in range(10_000)
    )
    client = client_for(alice)
    data = {"registry": str(registry_row.pk), "repository": "team/app", "tag": ["1.26.0", "1.27"]}
    with django_assert_max_num_queries(12):
        response = client.post(reverse("transfers:delete_tags"), data)
    others = [
        image.other_tags
        for image in response.context["plan"].images
        if image.digest == images["old"].digest
    ]
    assert len(others[0]) == 10_000
    assert len(response.content) < 700_000


@pytest.fixture
def deletion_row(team, alice, registry_row):
    def make(state=State.SUCCEEDED, **values):
        name = f"{HOST}/team/app:1.27"
        steps = [
            {"name": "check", "state": "done", "detail": "1.27 names it"},
            {"name": "delete", "state": "done", "detail": "Gone."},
        ]
        defaults = {
            "kind": Kind.DELETE,
            "source": name,
            "target": name,
            "target_is_local": False,
            "target_registry": registry_row,
        }
        return transfer_row(
            team, alice, state=state, steps=steps, **{**defaults, "digest": DIGEST, **values}
        )

    return make


def detail(client, row):
    return client.get(reverse("transfers:detail", args=[row.pk])).content.decode()


def test_a_done_deletion_says_how_and_what_still_names_the_image(
    client_for, victor, deletion_row, app, images
):
    html = detail(client_for(victor), deletion_row(digest=images["new"].digest))
    for expected in (
        "The tag is gone",
        "Gone.",
        "Still named by",
        "1.27.3",
        "latest",
        "collects its garbage",
        "Back to the repository",
    ):
        assert expected in html, expected
    assert "docker pull" not in html
    assert "moved" not in html


def test_a_failed_deletion_is_retried_by_admins_only(client_for, alice, bob, deletion_row):
    row = deletion_row(
        State.FAILED,
        source_registry=None,
        error=stored_error("No.", "ServerFailed"),
    )
    address = reverse("transfers:retry", args=[row.pk])
    assert address in detail(client_for(alice), row)
    assert address not in detail(client_for(bob), row)
    assert client_for(bob).post(address).status_code == 403
    assert client_for(alice).post(address).status_code == 302


@pytest.mark.parametrize("state", [State.CANCELLED, State.SUCCEEDED])
def test_an_ended_deletion_offers_no_retry(client_for, alice, deletion_row, state):
    row = deletion_row(state)
    address = reverse("transfers:retry", args=[row.pk])
    assert address not in detail(client_for(alice), row)
    assert (
        "Only a deletion that failed"
        in client_for(alice).post(address, follow=True).content.decode()
    )
    assert Transfer.objects.count() == 1


def test_a_changed_tag_leads_back_to_the_choice(client_for, alice, deletion_row, registry_row):
    row = deletion_row(
        State.FAILED,
        source_registry=registry_row,
        error=stored_error("Moved.", "TagChanged"),
    )
    query = {"registry": str(registry_row.pk), "repository": "team/app", "tag": "1.27"}
    html = detail(client_for(alice), row).replace("&amp;", "&")
    assert "Look at it again" in html
    assert reverse("transfers:delete_tags", query=query).replace("%2F", "/") in html.replace(
        "%2F", "/"
    )


def test_the_overview_offers_its_retry_to_admins_only(client_for, alice, bob, deletion_row):
    row = deletion_row(State.FAILED, error=stored_error("No."))
    address = reverse("transfers:retry", args=[row.pk])
    assert address in client_for(alice).get(reverse("web:overview")).content.decode()
    assert address not in client_for(bob).get(reverse("web:overview")).content.decode()
