"""The form of a comparison: whose registries it reads, and what it suggests."""

from datetime import timedelta

import pytest

from registry_ui.accounts.models import Membership, Role
from registry_ui.catalog.forms import CompareForm
from tests.parts.index_rows import BUILT, make_image, make_repository

pytestmark = pytest.mark.django_db

HOST = "registry.example.com"


def form_of(user, team, left="", right=""):
    form = CompareForm({"left": left, "right": right}, user=user, team=team)
    form.is_valid()
    return form


@pytest.fixture
def app(make_registry):
    registry = make_registry(host=HOST)
    images = {
        f"1.{number}": make_image(
            registry, (f"layer {number}", 10), built_at=BUILT + timedelta(days=number)
        )
        for number in range(3)
    }
    return make_repository(registry, "team/app", {**images, "latest": images["1.2"]})


def test_the_latest_other_tags_are_suggested(app, victor, team):
    others = form_of(victor, team, f"{HOST}/team/app:1.2").others()

    # `latest` has the same digest, so there is nothing to compare.
    assert [tag.name for tag in others] == ["1.1", "1.0"]


def test_nothing_is_suggested_beside_two_names_or_for_an_unknown_host(app, victor, team):
    assert form_of(victor, team, f"{HOST}/team/app:1.2", f"{HOST}/team/app:1.1").others() == []
    assert form_of(victor, team, "other.example.com/app:1").others() == []
    assert form_of(victor, team, "not a name").others() == []


def test_an_outsiders_registry_is_not_read(app, charlie, other_team):
    form = form_of(charlie, other_team, f"{HOST}/team/app:1.2", f"{HOST}/team/app:1.1")

    assert form.resolve() == []
    assert set(form.errors) == {"left", "right"}


def test_the_current_teams_registry_is_preferred(app, alice, team, other_team, make_registry):
    Membership.objects.create(team=other_team, user=alice, role=Role.VIEWER)
    other = make_registry(host=HOST, team=other_team)
    make_repository(other, "team/app", {"1.2": make_image(other, ("other", 5))})

    def registry_of(current):
        form = form_of(alice, current, f"{HOST}/team/app:1.2")
        [artifact] = form.resolve()
        return artifact.repository.registry

    assert registry_of(other_team) == other
    assert registry_of(team) == app.registry
