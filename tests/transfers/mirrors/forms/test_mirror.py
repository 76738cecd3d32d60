import pytest

from tests.transfers.conftest import add_credential
from tests.transfers.mirrors.rows import mirror_row, registry_row
from transfers.mirrors.forms.mirror import MirrorForm
from transfers.mirrors.selection import Selection

pytestmark = pytest.mark.django_db


def errors(team, values):
    return dict(MirrorForm(values, team=team).errors)


def test_a_filled_form_is_valid(team, filled):
    assert errors(team, filled()) == {}


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"name": ""}, "name"),
        ({"repositories": ""}, "repositories"),
        ({"repositories": "Shop/App"}, "repositories"),
        ({"naming": "prefix", "naming_prefix": "Not Allowed"}, "naming_prefix"),
        ({"naming": "template", "naming_template": "{unknown}"}, "naming_template"),
        ({"platforms_choice": "selected", "platforms": ""}, "platforms"),
        ({"platforms_choice": "selected", "platforms": "linux"}, "platforms"),
        ({"delete_cap": "-1"}, "delete_cap"),
        ({"conflict_policy": "explode"}, "conflict_policy"),
    ],
)
def test_a_bad_value_is_an_error_of_its_field(team, filled, values, field):
    assert list(errors(team, filled(**values))) == [field]


def test_rows_of_another_team_are_no_choice(team, other_team, filled):
    theirs = registry_row(other_team, "Theirs", "theirs.example.com")
    credential = add_credential(theirs, "robot", "secret")

    assert "source_registry" in errors(team, filled(source_registry=theirs.pk))
    assert "source_credential" in errors(team, filled(source_credential=credential.pk))


def test_the_form_of_a_mirror_shows_it_and_saves_it_unchanged(team, filled):
    mirror = mirror_row(
        team,
        repositories=["library/nginx", "library/redis"],
        selection={"tags": ["1.*"], "newest": 3},
        naming={"kind": "prefix", "prefix": "mirror"},
        platforms=["linux/amd64"],
        time_zone="Asia/Shanghai",
    )
    form = MirrorForm(team=team, mirror=mirror)

    shown = {bound.name: bound.value() for bound in form}
    assert shown["repositories"].split() == mirror.repositories
    assert (shown["tags"], shown["newest"], shown["naming_prefix"]) == ("1.*", 3, "mirror")

    again = MirrorForm(
        {name: value for name, value in shown.items() if value is not None},
        team=team,
        mirror=mirror,
    )
    assert again.is_valid(), again.errors
    selection = again.values()["selection"]
    assert Selection.parse(selection) == Selection.parse(mirror.selection)
    for name in ("naming", "platforms", "schedule", "time_zone"):
        assert again.values()[name] == getattr(mirror, name), name
