from itertools import product

import pytest
from django.http import QueryDict
from django.urls import reverse

from registry_ui.registries.models import Registry
from tests.parts.index_rows import make_image, make_repository
from tests.parts.unusual_texts import ODD_TEXTS
from tests.transfers.conftest import add_credential
from transfers.forms import CopyTagsForm, PullTagsForm
from transfers.models import State, Transfer
from transfers.tag_selection import read_tag_selection

pytestmark = pytest.mark.django_db


HOST, MIRROR = "registry.example.com", "mirror.example.com"


@pytest.fixture
def source(team):
    return Registry.objects.create(team=team, name="Source", host=HOST)


def selection_data(registry, *tags, **values):
    return {"registry": str(registry.pk), "repository": "team/app", "tag": list(tags), **values}


def send(client, name, data, headers=None):
    return client.post(reverse(f"transfers:{name}"), data, headers=headers or {})


def test_two_hundred_are_pulled_at_once(client_for, source, bob):
    tags = [f"1.{number}" for number in range(200)]
    send(client_for(bob), "pull_tags", selection_data(source, *tags, confirmed="1"))
    assert Transfer.objects.count() == 200
    assert set(Transfer.objects.values_list("state", flat=True)) == {State.QUEUED}


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
