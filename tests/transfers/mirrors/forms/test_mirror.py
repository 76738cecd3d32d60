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


@pytest.fixture
def form_of(team, filled):
    """Return a function for the form of a new mirror, or of a given one."""

    def make(*, mirror=None, **values):
        return MirrorForm(filled(**values), team=team, mirror=mirror)

    return make


def test_a_name_is_taken_by_another_mirror_of_the_team_only(form_of, team, other_team):
    mirror = mirror_row(team, "Nightly")
    mirror_row(other_team, "Weekly")

    assert "name" in form_of(name="Nightly").errors
    assert "name" not in form_of(name="Nightly", mirror=mirror).errors
    assert "name" not in form_of(name="Weekly").errors


def test_names_of_repositories_are_completed_and_kept_once(form_of, team):
    hub = registry_row(team, "Docker Hub", "docker.io")

    form = form_of(
        source_registry=hub.pk,
        repositories="nginx, library/nginx docker.io/library/nginx\ndocker.io/team/*",
    )

    assert form.is_valid(), form.errors
    assert form.values()["repositories"] == ["library/nginx", "team/*"]


def test_more_repositories_than_a_mirror_takes_are_refused(form_of):
    names = [f"team/app-{number}" for number in range(201)]

    assert "repositories" in form_of(repositories="\n".join(names)).errors
    assert form_of(repositories="\n".join(names[:200])).is_valid()


@pytest.mark.parametrize("end", ["source", "target"])
def test_a_login_is_refused_at_another_registry(form_of, source, target, end):
    own, other = (source, target) if end == "source" else (target, source)
    field = f"{end}_credential"

    assert field in form_of(**{field: add_credential(other, "robot", "not-a-secret").pk}).errors
    assert form_of(**{field: add_credential(own, "robot", "not-a-secret").pk}).is_valid()


def test_a_mirror_that_deletes_tags_needs_a_cap(form_of):
    assert "delete_cap" in form_of(delete_extras="on", delete_cap="").errors
    assert form_of(delete_cap="").is_valid()


def test_only_the_fields_of_the_selected_kind_count(form_of):
    form = form_of(
        naming="flatten",
        levels="1",
        naming_template="{who}",
        platforms="not a platform",
        platforms_choice="all",
    )

    assert form.is_valid(), form.errors
    assert form.values()["naming"] == {"kind": "flatten", "levels": 1}
    assert form.values()["platforms"] == []


def test_platforms_are_kept_once_in_their_usual_form(form_of):
    form = form_of(platforms_choice="selected", platforms="linux/amd64, linux/arm64 linux/amd64")

    assert form.is_valid(), form.errors
    assert form.values()["platforms"] == ["linux/amd64", "linux/arm64"]
