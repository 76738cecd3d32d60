import pytest

from registry_ui.environment import EngineSetting
from registry_ui.images.engines.engine_images import EngineImage
from registry_ui.oci.reference import Reference
from tests.transfers.conftest import add_credential
from transfers.forms import EnginePullForm, EnginePushForm, EngineTagForm, LoadForm, SaveForm

pytestmark = pytest.mark.django_db

ENGINE = EngineSetting("build", "unix:///nowhere.sock", frozenset({"*"}))
ID = f"sha256:{'a' * 64}"


def filled(form_class, team, **values):
    return form_class(values, team=team, engine=ENGINE)


def test_a_pull_takes_the_engines_platform_unless_another_is_chosen(team):
    form = filled(EnginePullForm, team, reference="nginx:1", platform_choice="machine")
    assert form.is_valid(), form.errors
    assert form.arguments()["platform"] == ""

    form = filled(
        EnginePullForm,
        team,
        reference="nginx:1",
        platform_choice="selected",
        platform="linux/arm64",
    )
    assert form.is_valid(), form.errors
    assert form.arguments()["platform"] == "linux/arm64"


def test_only_the_teams_own_credentials_can_be_chosen(team, other_team, make_registry):
    own = add_credential(make_registry(), "ours", "s")
    shared = add_credential(make_registry(team=other_team), "theirs", "s")
    shared.grants.create(team=team, repository_pattern="")

    form = filled(EnginePullForm, team, reference="registry.example.com/a/b:1")

    assert list(form.fields["credential"].queryset) == [own]
    assert form.login.credential == own


def test_a_push_keeps_the_name_unless_another_one_is_given(team, make_registry):
    make_registry()
    name = "registry.example.com/web/app:1"

    form = filled(EnginePushForm, team, source=name)
    assert form.is_valid(), form.errors
    assert form.arguments()["target"] == Reference.parse(name)

    form = filled(EnginePushForm, team, source="app:dev", target=name)
    assert form.is_valid(), form.errors
    assert form.arguments()["target"] == Reference.parse(name)


@pytest.mark.parametrize(
    ("values", "field"),
    [({"source": "nginx:1"}, "source"), ({"source": "app:dev", "target": "nginx:1"}, "target")],
)
def test_an_official_image_is_not_pushed(team, values, field):
    assert field in filled(EnginePushForm, team, **values).errors


def test_an_image_without_a_tag_is_named_by_its_id(team):
    target = "registry.example.com/web/app:1"

    assert list(filled(EngineTagForm, team, target=target).errors) == ["source"]
    assert "image_id" in filled(EngineTagForm, team, target=target, image_id="sha256:x").errors

    form = filled(EngineTagForm, team, target=target, image_id=ID)
    assert form.is_valid(), form.errors
    assert form.arguments() == {
        "source": Reference.parse(target),
        "target": Reference.parse(target),
        "image_id": ID,
    }


def test_a_name_wins_over_an_id(team):
    form = filled(EngineTagForm, team, source="app:dev", target="app:1", image_id=ID)

    assert form.is_valid(), form.errors
    assert form.arguments()["image_id"] == ""


def test_a_save_and_a_load_keep_the_name(team):
    save = filled(SaveForm, team, source="app:dev")
    assert save.is_valid(), save.errors
    assert save.arguments()["target"] == Reference.parse("app:dev")

    load = filled(LoadForm, team, source="app:dev", platform_choice="machine")
    assert load.is_valid(), load.errors
    assert load.arguments() == {"source": Reference.parse("app:dev"), "platform": ""}


def test_the_names_of_the_engines_images_are_suggested(team):
    names = [Reference.parse("app:dev"), Reference.parse("tool:1")]
    images = [EngineImage(ID, names, [], 1, None)]
    form = EnginePullForm(team=team, engine=ENGINE, images=images)

    assert form.engine_names() == ["app:dev", "tool:1"]


def test_an_engine_pulls_one_platform_only(team):
    form = EnginePullForm({"reference": "a:1", "platform_choice": "all"}, team=team)

    assert set(form.errors) == {"platform_choice"}
    assert dict(LoadForm(team=team).platform_choices()).keys() == {"machine", "selected"}


def test_the_login_of_a_push_is_for_the_new_name(team):
    form = EnginePushForm({"source": "a:1", "target": "r.example.com/a:1"}, team=team)
    assert form.login_reference() == Reference.parse("r.example.com/a:1")

    unfinished = EnginePushForm({"source": "q.example.com/a:1", "target": "r.ex/"}, team=team)
    assert unfinished.login_reference() == Reference.parse("q.example.com/a:1")
