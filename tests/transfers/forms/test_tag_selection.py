from itertools import product

import pytest
from django.http import QueryDict
from django.urls import reverse

from registry_ui.oci.reference import Reference
from registry_ui.registries.models import Registry
from tests.parts.index_rows import make_image, make_repository
from tests.parts.unusual_texts import ODD_TEXTS
from tests.transfers.conftest import add_credential
from transfers.deletion_plan import AffectedImage, DeletionPlan
from transfers.forms import CopyTagsForm, DeleteTagsForm, PullTagsForm
from transfers.login_choice import LoginChoice
from transfers.models import State, Transfer
from transfers.tag_selection import MAX_SELECTED_TAGS, TagSelection, read_tag_selection

pytestmark = pytest.mark.django_db


HOST, MIRROR = "registry.example.com", "mirror.example.com"


@pytest.fixture
def source(team):
    return Registry.objects.create(team=team, name="Source", host=HOST)


def selection_data(registry, *tags, **values):
    return {"registry": str(registry.pk), "repository": "team/app", "tag": list(tags), **values}


def send(client, name, data, headers=None):
    return client.post(reverse(f"transfers:{name}"), data, headers=headers or {})


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


def query(data):
    values = QueryDict(mutable=True)
    for name, value in data.items():
        values.setlist(name, value if isinstance(value, list) else [value])
    return values


NAME = Reference("registry.example.com", "team/app")


DIGEST = f"sha256:{'a' * 64}"


@pytest.fixture
def selection(team):
    row = Registry.objects.create(team=team, name="Example", host=NAME.registry)
    return TagSelection(row, NAME, ("1.0", "2.0"))


@pytest.fixture
def delete_form(selection):
    """Return a function for a form that deletes what a plan says."""

    def make(plan, mode="images", login=None, **data):
        return DeleteTagsForm(
            {"seen": plan.fingerprint, **data},
            selection=selection,
            plan=plan,
            mode=mode,
            login=login or LoginChoice(NAME, selection.team),
        )

    return make


def plan_of(*images, unindexed=()):
    return DeletionPlan(NAME, images, unindexed)


def test_two_hundred_are_pulled_at_once(client_for, source, bob):
    tags = [f"1.{number}" for number in range(200)]
    send(client_for(bob), "pull_tags", selection_data(source, *tags, confirmed="1"))
    assert Transfer.objects.count() == 200
    assert set(Transfer.objects.values_list("state", flat=True)) == {State.QUEUED}


def test_odd_texts_are_errors_of_a_field(app, source, mirror, alice):
    target = {
        "target_registry": str(mirror.pk),
        "target_repository": "team/app",
        "platform_choice": "machine",
    }
    for form_class in (PullTagsForm, CopyTagsForm):
        for field, text in product(form_class.base_fields, ODD_TEXTS):
            selection = read_tag_selection(query(selection_data(source, "1.27")), alice)
            form = form_class(query({**target, field: text}), selection=selection)
            assert form.is_valid() or form.errors, (field, text)


def test_a_platform_that_is_none_starts_nothing(client_for, app, source, bob):
    response = send(
        client_for(bob),
        "pull_tags",
        selection_data(
            source, "1.27", platform_choice="selected", platform="toaster", confirmed="1"
        ),
    )
    assert response.status_code == 422
    assert "toaster" in response.context["form"].errors["platform"][0]
    assert not Transfer.objects.exists()


def test_a_tie_of_credentials_is_decided_by_the_person(client_for, app, source, bob):
    one, two = (add_credential(source, name, "x") for name in ("one", "two"))
    response = send(client_for(bob), "pull_tags", selection_data(source, "1.27", confirmed="1"))
    assert response.status_code == 422
    assert str(two.pk) in response.content.decode()

    send(
        client_for(bob),
        "pull_tags",
        selection_data(source, "1.27", credential=str(one.pk), confirmed="1"),
    )
    assert Transfer.objects.get().source_credential == one


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("pull_tags", "credential"),
        ("copy_tags", "source_credential"),
        ("copy_tags", "target_credential"),
    ],
)
def test_another_teams_credential_cannot_be_selected(
    client_for, app, source, mirror, other_team, bob, name, field
):
    foreign = add_credential(
        Registry.objects.create(team=other_team, name="x", host=HOST),
        "theirs",
        "x",
        label="foreign-label",
    )
    data = selection_data(
        source,
        "1.27",
        target_registry=str(mirror.pk),
        target_repository="team/app",
        new_tag="1",
        confirmed="1",
    )

    response = send(client_for(bob), name, {**data, field: str(foreign.pk)})

    assert response.status_code == 422
    assert "foreign-label" not in response.content.decode()
    assert not Transfer.objects.exists()


def test_a_changed_plan_is_not_confirmed(delete_form):
    shown, now = plan_of(AffectedImage(DIGEST, ("1.0",))), plan_of(AffectedImage(DIGEST, ("2.0",)))

    assert set(delete_form(now, seen=shown.fingerprint).errors) == {"__all__"}
    assert delete_form(now).is_valid()


@pytest.mark.parametrize(
    "plan",
    [
        plan_of(AffectedImage(DIGEST, ("1.0",)), unindexed=["2.0"]),
        plan_of(AffectedImage(DIGEST, ("1.0",), index_tags=("multi",))),
    ],
    ids=["unindexed", "part of an index"],
)
def test_an_image_whose_other_tags_would_be_lost_is_deleted_by_tag_only(delete_form, plan):
    form = delete_form(plan, name=NAME.repository)

    assert form.problem
    assert form.errors["__all__"] == [form.problem]
    assert delete_form(plan, mode="tags", name=NAME.repository).is_valid()


def test_more_tags_than_the_limit_are_not_deleted_one_by_one(delete_form):
    tags = tuple(f"1.{number}" for number in range(MAX_SELECTED_TAGS + 1))

    at_limit = delete_form(plan_of(AffectedImage(DIGEST, tags[1:])), "tags", name="team/app")
    above = delete_form(plan_of(AffectedImage(DIGEST, tags)), "tags", name="team/app")

    assert at_limit.is_valid()
    assert set(above.errors) == {"__all__"}
